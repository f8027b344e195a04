/** Kernels that lack a match: what is left of the rules, that it is told, and that it works as far as it says. */
import { describe, expect, it } from 'vitest';
import { openIptablesRules } from '../../../src/host/iptables/iptables-rules.ts';
import type { InterceptionPlan, Rules } from '../../../src/host/rules.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { eventually } from '../../support/eventually.ts';
import type { RemoteAgent } from '../rules/remote-agent.ts';
import { ADDRESSES, RulesLab } from '../rules/rules-lab.ts';
import { requireLab } from '../support/namespace.ts';
import { FLAVOURS, onlyFlavour } from './flavours.ts';
import type { FlavourName } from './flavours.ts';

const { available, reason } = requireLab('iptables', 'nft');
const BOTH = Object.values(ADDRESSES);
const PLAN: InterceptionPlan = { addresses: BOTH, dnsPort: 53, healthPort: 8080, leaseMs: 1000 };
const FROM_CLUSTER = 'authoritative rcode 0';
const SERVFAIL = 2;
const query = (address: string, rcode = 0) => ({ protocol: 'udp', address, port: 53, rcode }) as const;

/** A kernel that refuses every rule in which one of these stands. */
function lacking(words: readonly string[], run: RunTool): RunTool {
  return async (about, call) => {
    const refused = call.stdin !== undefined && words.some((word) => call.stdin?.includes(word));
    if (!refused) return run(about, call);
    return {
      code: 2,
      stdout: '',
      stderr: `iptables-restore: line 3 failed: No chain/target/match by that name.\n`,
    };
  };
}

interface Bench {
  readonly lab: RulesLab;
  readonly rules: Rules;
  readonly server: RemoteAgent;
}

async function open(flavour: FlavourName, words: readonly string[]): Promise<Bench> {
  const lab = await RulesLab.create();
  const server = lab.startServer();
  for (const address of BOTH) await server.listen({ protocol: 'udp', address, port: 53 });
  const rules = await openIptablesRules(PLAN, lacking(words, onlyFlavour(flavour, lab.run)));
  return { lab, rules, server };
}

describe.skipIf(!available).each(FLAVOURS)(`a kernel that lacks something, %s ${reason}`, (flavour) => {
  it('has no weaknesses when it lacks nothing', async () => {
    expect((await open(flavour, [])).rules.weaknesses).toEqual([]);
  });

  it.each(BOTH)(
    'without `recent` intercepts %s from arming to disarming, and says that only the guard ends it',
    async (address) => {
      const { lab, rules, server } = await open(flavour, ['-m recent']);
      expect(rules.weaknesses).toEqual([
        expect.stringContaining('without the match `recent` there is no lease'),
      ]);
      await rules.install([]);
      expect(await rules.inspect()).toEqual({ standing: 'complete', armed: [], live: [] });
      expect(await lab.podAgent.ask(query(address))).toBe(FROM_CLUSTER);
      await rules.arm([address]);
      expect(await rules.inspect()).toEqual({ standing: 'complete', armed: [address], live: [address] });
      expect(await lab.podAgent.ask(query(address))).toBe('rcode 0');
      await rules.arm(BOTH);
      await rules.disarm([address]);
      const other = BOTH.filter((one) => one !== address);
      expect(await rules.inspect()).toEqual({ standing: 'complete', armed: other, live: other });
      expect(await lab.podAgent.ask(query(address))).toBe(FROM_CLUSTER);
      await rules.install([address]);
      await server.kill();
      expect(await lab.podAgent.ask(query(address))).toBe(FROM_CLUSTER);
      await rules.remove();
      expect(await rules.inspect()).toEqual({ standing: 'absent', armed: [], live: [] });
      await expect(rules.arm([address])).rejects.toMatchObject({ name: 'HostError', code: 'failed' });
    },
  );

  it('without `u32` lets any answer renew the lease, and a silent cache lose it', async () => {
    const { lab, rules } = await open(flavour, ['-m u32']);
    expect(rules.weaknesses).toEqual([expect.stringContaining('without the match `u32`')]);
    await rules.install(BOTH);
    for (const end = Date.now() + 2_000; Date.now() < end;) {
      expect(await lab.podAgent.ask(query(ADDRESSES.ipv4, SERVFAIL))).toBe('rcode 2');
    }
    await eventually(async () => (await rules.inspect()).live.length === 0);
  });

  it('without `socket` keeps a pod with a killed cache until the lease ends', async () => {
    const { lab, rules, server } = await open(flavour, ['-m socket']);
    expect(rules.weaknesses).toEqual([expect.stringContaining('without the match `socket`')]);
    await rules.install(BOTH);
    await server.kill();
    expect(await lab.podAgent.ask(query(ADDRESSES.ipv4))).toBe('ECONNREFUSED');
    await eventually(async () => (await lab.podAgent.ask(query(ADDRESSES.ipv4))) === FROM_CLUSTER);
  });

  it('without `addrtype` and target CT intercepts all the same', async () => {
    const { lab, rules } = await open(flavour, ['-m addrtype', '-j CT']);
    expect(rules.weaknesses).toEqual([expect.stringContaining('without the match `addrtype`')]);
    await rules.install(BOTH);
    expect(await lab.podAgent.ask(query(ADDRESSES.ipv6))).toBe('rcode 0');
  });

  it('that can exempt nothing is not supported', async () => {
    await expect(open(flavour, ['-j CT', '-j NOTRACK'])).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('without the capability says so', async () => {
    const lab = await RulesLab.create();
    const without: RunTool = (about, { command, args, ...rest }) =>
      lab.run(about, {
        ...rest,
        command: 'setpriv',
        args: ['--bounding-set', '-net_admin', command, ...args],
      });
    const opened = openIptablesRules(PLAN, onlyFlavour(flavour, without));
    await expect(opened).rejects.toMatchObject({ name: 'HostError', code: 'permission' });
  });
});
