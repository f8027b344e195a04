import { expect, it } from 'vitest';
import { HostError } from '../../src/host/host-error.ts';
import { openRules } from '../../src/host/open-rules.ts';
import type { InterceptionPlan } from '../../src/host/rules.ts';
import type { RunTool } from '../../src/host/run-tool.ts';
import { fakeNft } from './nft/fake-nft.ts';

const PLAN: InterceptionPlan = {
  addresses: ['10.96.0.10'],
  dnsPort: 53,
  healthPort: undefined,
  leaseMs: 1_000,
};

const missing: RunTool = (about, { command }) =>
  Promise.reject(new HostError(about, 'tool', `${command} is not installed, or not in PATH`));

/** A host whose only tool is nft. */
const onlyNft: RunTool = (about, call) =>
  call.command === 'nft' ? fakeNft(() => undefined).run(about, call) : missing(about, call);

it('takes nftables by itself where it works, and where it is wanted', async () => {
  expect((await openRules('auto', PLAN, onlyNft)).backend).toBe('nft');
  expect((await openRules('nft', PLAN, onlyNft)).backend).toBe('nft');
});

it('takes no other backend than the one that is wanted', async () => {
  await expect(openRules('iptables', PLAN, onlyNft)).rejects.toMatchObject({ code: 'tool' });
});

it('names both reasons where neither backend works', async () => {
  const opened = openRules('auto', PLAN, missing);
  await expect(opened).rejects.toMatchObject({ name: 'HostError', code: 'tool', about: 'rules' });
  await expect(opened).rejects.toThrow(
    /nftables: nft is not installed.* iptables: iptables is not installed/,
  );
});

it('runs nothing for none', async () => {
  const rules = await openRules('none', PLAN, missing);
  expect(rules.backend).toBe('none');
  await rules.install(PLAN.addresses);
  expect((await rules.inspect()).armed).toEqual(PLAN.addresses);
});
