/**
 * Somebody holds the xtables lock for longer than we wait, as kube-proxy does on a host with very many services: what stands stays as it is,
 * and what has to be quick needs no lock. The lock is a file of the test's own: the machine's is left alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openIptablesRules } from '../../../src/host/iptables/iptables-rules.ts';
import type { InterceptionPlan, Rules } from '../../../src/host/rules.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { atTestEnd } from '../../support/at-test-end.ts';
import { startChild } from '../../support/child.ts';
import type { Child } from '../../support/child.ts';
import { ADDRESSES, RulesLab } from '../rules/rules-lab.ts';
import { requireLab } from '../support/namespace.ts';
import { nodeCacheRules, onlyFlavour, saved } from './flavours.ts';
import type { FlavourName } from './flavours.ts';

const { available, reason } = requireLab('iptables', 'nft');
const BOTH = Object.values(ADDRESSES);
const PLAN: InterceptionPlan = { addresses: BOTH, dnsPort: 53, healthPort: 8080, leaseMs: 10_000 };
const QUERY = { protocol: 'udp', address: ADDRESSES.ipv4, port: 53, rcode: 0 } as const;
const FROM_CLUSTER = 'authoritative rcode 0';

class LockedHost {
  readonly lab: RulesLab;
  readonly rules: Rules;
  readonly #lock: string;

  private constructor(lab: RulesLab, rules: Rules, lock: string) {
    this.lab = lab;
    this.rules = rules;
    this.#lock = lock;
  }

  static async create(flavour: FlavourName): Promise<LockedHost> {
    const lab = await RulesLab.create();
    const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-lock-'));
    atTestEnd(() => rmSync(directory, { recursive: true }));
    const lock = join(directory, 'xtables.lock');
    const run: RunTool = (about, { command, args, ...rest }) =>
      lab.run(about, { ...rest, command: 'env', args: [`XTABLES_LOCKFILE=${lock}`, command, ...args] });
    const server = lab.startServer();
    for (const address of BOTH) await server.listen({ protocol: 'udp', address, port: 53 });
    return new LockedHost(lab, await openIptablesRules(PLAN, onlyFlavour(flavour, run)), lock);
  }

  /** For 30 s, or until it is stopped. */
  async hold(): Promise<Child> {
    const holder = startChild({
      command: ['flock', '--no-fork', this.#lock, 'sh', '-c', 'echo held; exec sleep 30'],
    });
    await holder.waitForLine(/held/);
    return holder;
  }
}

describe.skipIf(!available)(`the xtables lock, held for 30 s ${reason}`, () => {
  it('leaves nothing half installed with legacy tables, and packets to kube-proxy', async () => {
    const host = await LockedHost.create('legacy');
    const before = saved(host.lab.node, 'legacy');
    await host.hold();
    await expect(host.rules.install(BOTH)).rejects.toMatchObject({ name: 'HostError', code: 'lock' });
    expect(saved(host.lab.node, 'legacy')).toBe(before);
    expect(await host.rules.inspect()).toEqual({ standing: 'absent', armed: [], live: [] });
    expect(await host.lab.podAgent.ask(QUERY)).toBe(FROM_CLUSTER);
  });

  it('leaves what stands whole with legacy tables, and arming and disarming as quick as ever', async () => {
    const host = await LockedHost.create('legacy');
    await host.rules.install(BOTH);
    const holder = await host.hold();
    await host.rules.disarm(BOTH);
    expect(await host.lab.podAgent.ask(QUERY)).toBe(FROM_CLUSTER);
    await host.rules.arm(BOTH);
    expect(await host.lab.podAgent.ask(QUERY)).toBe('rcode 0');
    await expect(host.rules.install(BOTH)).rejects.toMatchObject({ code: 'lock' });
    expect((await host.rules.inspect()).standing).toBe('complete');
    expect(await host.lab.podAgent.ask(QUERY)).toBe('rcode 0');
    await expect(host.rules.remove()).rejects.toMatchObject({ code: 'lock' });
    await holder.stop();
    await host.rules.remove();
    expect((await host.rules.inspect()).standing).toBe('absent');
  });

  it("leaves all of node-cache's rules with legacy tables, rather than some", async () => {
    const host = await LockedHost.create('legacy');
    host.lab.node.feed(nodeCacheRules(ADDRESSES.ipv4, true), 'iptables-legacy-restore', '--noflush');
    const before = saved(host.lab.node, 'legacy');
    await host.hold();
    await expect(host.rules.install([])).rejects.toMatchObject({ code: 'lock' });
    expect(saved(host.lab.node, 'legacy')).toBe(before);
  });

  it('is nothing that the nft flavour waits for', async () => {
    const host = await LockedHost.create('nft');
    await host.hold();
    await host.rules.install(BOTH);
    expect((await host.rules.inspect()).standing).toBe('complete');
  });
});
