/** What ACCEPT rules cost: processes that are started to look, counted. That the rules let packets pass is the lab's to show. */
import { expect, it } from 'vitest';
import { LOOKS_BETWEEN_SWEEPS, acceptRulesWith } from '../../../src/host/iptables/accept-rules.ts';
import type { AcceptRules } from '../../../src/host/iptables/accept-rules.ts';
import { Iptables } from '../../../src/host/iptables/iptables-tool.ts';
import type { Flavour } from '../../../src/host/iptables/iptables-tool.ts';
import type { InterceptionPlan } from '../../../src/host/rules.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { fakeFiles } from './fake-host.ts';

const PLAN: InterceptionPlan = {
  addresses: ['192.0.2.1', '2001:db8::1'],
  dnsPort: 53,
  healthPort: undefined,
  leaseMs: 1_000,
};
const ACCEPTING = '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
const DROPPING = ACCEPTING.replaceAll('ACCEPT', 'DROP');
const SNMP = '/proc/net/snmp';
const LEGACY_NAMES = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'] as const;

/** A host whose counters and tables a test changes, with tables filter of one flavour in both families. */
class FilterHost {
  /** What the tables filter are; undefined for ones that cannot be looked at. */
  filter: string | undefined;
  readonly contents: Record<string, string> = { [SNMP]: 'Ip: InReceives InDelivers\nIp: 0 0\n' };
  #calls = 0;
  #lost = 0;
  rules!: AcceptRules;

  static async open(flavour: Flavour, filter = ACCEPTING): Promise<FilterHost> {
    const host = new FilterHost();
    host.filter = filter;
    const files = fakeFiles(host.contents);
    const iptables = new Iptables(flavour, `-${flavour}`, host.#run, files);
    const rules = await acceptRulesWith(
      PLAN,
      { chosen: iptables, all: [iptables], denied: undefined },
      files,
    );
    if (rules === undefined) throw new Error('there is iptables');
    host.rules = rules;
    host.calls();
    return host;
  }

  readonly #run: RunTool = async () => {
    this.#calls++;
    return this.filter === undefined
      ? { code: 1, stdout: '', stderr: 'it cannot' }
      : { code: 0, stdout: this.filter, stderr: '' };
  };

  losePacket(): void {
    this.contents[SNMP] = `Ip: InReceives InDelivers\nIp: ${++this.#lost} 0\n`;
  }

  /** Processes that were started since this was asked before. */
  calls(): number {
    const calls = this.#calls;
    this.#calls = 0;
    return calls;
  }

  /** @returns what each of so many looks has cost */
  async costs(looks: number, before: () => void = () => undefined): Promise<number[]> {
    const costs: number[] = [];
    for (let look = 0; look < looks; look++) {
      before();
      await this.rules.inspect();
      costs.push(this.calls());
    }
    return costs;
  }
}

const quiet = Array.from({ length: LOOKS_BETWEEN_SWEEPS - 1 }, () => 0);

it('starts no process for a look at a host that accepts all, but from time to time', async () => {
  const host = await FilterHost.open('nft');
  expect(await host.costs(2 * LOOKS_BETWEEN_SWEEPS)).toEqual([...quiet, 2, ...quiet, 2]);
});

it('starts one for each table that drops', async () => {
  const host = await FilterHost.open('nft', DROPPING);
  expect(await host.costs(2 * LOOKS_BETWEEN_SWEEPS)).toEqual(
    Array.from({ length: 2 * LOOKS_BETWEEN_SWEEPS }, () => 2),
  );
});

it('sees a firewall at the first look after it has dropped something', async () => {
  const host = await FilterHost.open('nft');
  expect(await host.rules.inspect()).toBe('complete');
  host.filter = DROPPING;
  expect(await host.rules.inspect()).toBe('complete');
  host.losePacket();
  expect(await host.rules.inspect()).toBe('absent');
});

it('sees a firewall that nothing met after a while', async () => {
  const host = await FilterHost.open('nft');
  host.filter = DROPPING;
  for (const expected of [...quiet.map(() => 'complete'), 'absent']) {
    expect(await host.rules.inspect()).toBe(expected);
  }
});

it('does not look each time because packets are always lost to something else', async () => {
  const host = await FilterHost.open('nft');
  const costs = await host.costs(2 * LOOKS_BETWEEN_SWEEPS, () => host.losePacket());
  expect(costs).toEqual([2, ...quiet.slice(1), 2, 2, ...quiet.slice(1), 2]);
});

it('sees a legacy table at the first look after it was made, and before asks no program that would make it', async () => {
  const host = await FilterHost.open('legacy', DROPPING);
  expect(await host.costs(LOOKS_BETWEEN_SWEEPS)).toEqual([...quiet, 0]);
  for (const path of LEGACY_NAMES) host.contents[path] = 'filter\n';
  expect(await host.rules.inspect()).toBe('absent');
});

it('looks at a host no more often once its firewall is gone and the rules with it', async () => {
  const host = await FilterHost.open('nft', DROPPING);
  host.filter = ACCEPTING;
  expect(await host.costs(2)).toEqual([2, 2]);
  await host.rules.install();
  host.calls();
  expect(await host.costs(2)).toEqual([0, 0]);
});

it('does not call rules damaged because a table cannot be looked at that did not drop', async () => {
  const host = await FilterHost.open('nft');
  host.filter = undefined;
  for (let look = 0; look < LOOKS_BETWEEN_SWEEPS; look++) expect(await host.rules.inspect()).toBe('complete');
});
