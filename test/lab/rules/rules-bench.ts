/**
 * Where the contract of rule backends is tried: one host for all cases of a suite, with a server that listens, and what happened there to the
 * packets of a query.
 */
import { FIRST_PROBE_PORT } from '../../../src/host/rules.ts';
import type { InterceptionPlan, Rules } from '../../../src/host/rules.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { NOERROR } from './agent-calls.ts';
import type { RemoteAgent } from './remote-agent.ts';
import { ADDRESSES, DNS_PORT, HEALTH_PORT, RulesLab } from './rules-lab.ts';

export type Open = (plan: InterceptionPlan, run: RunTool) => Promise<Rules>;
export type FamilyName = keyof typeof ADDRESSES;
type Protocol = 'udp' | 'tcp';

export const FAMILIES: readonly FamilyName[] = ['ipv4', 'ipv6'];
export const PROTOCOLS: readonly Protocol[] = ['udp', 'tcp'];
export const BOTH = Object.values(ADDRESSES);
export const FROM_CLUSTER = 'authoritative rcode 0';
export const LEASE_MS = 1_000;
/** For cases in which no lease should end. */
const LONG_LEASE_MS = 10_000;

export const planOf = (change: Partial<InterceptionPlan> = {}): InterceptionPlan => ({
  addresses: BOTH,
  dnsPort: DNS_PORT,
  healthPort: HEALTH_PORT,
  leaseMs: LONG_LEASE_MS,
  ...change,
});

export type Fate = 'tracked' | 'untracked' | 'mixed' | 'absent';

export interface Query {
  readonly address: string;
  readonly protocol: Protocol;
  readonly rcode?: number;
  readonly from?: 'pod' | 'host';
  readonly fromPort?: number;
  readonly port?: number;
}

/** One host with the rules of one plan, and a server that listens. */
export class Bench {
  readonly lab: RulesLab;
  readonly rules: Rules;
  readonly server: RemoteAgent;

  constructor(lab: RulesLab, rules: Rules, server: RemoteAgent) {
    this.lab = lab;
    this.rules = rules;
    this.server = server;
  }

  ask(query: Query): Promise<string> {
    const { from = 'pod', rcode = NOERROR, port = DNS_PORT, ...rest } = query;
    const agent = from === 'pod' ? this.lab.podAgent : this.lab.hostAgent;
    return agent.ask({ ...rest, rcode, port });
  }

  /** What happened to the packets of one query on their way to the address. */
  async fate(query: Query): Promise<Fate> {
    const { address, protocol, from = 'pod', port = DNS_PORT } = query;
    const hook = from === 'pod' ? 'prerouting' : 'output';
    const watched = { hook, direction: 'to', protocol, address, port } as const;
    return fateOf(await this.lab.count(watched, () => this.ask(query)));
  }

  /** What happened to the packets of its answer. */
  async fateOfAnswer(query: Query): Promise<Fate> {
    const { address, protocol, port = DNS_PORT } = query;
    const watched = { hook: 'output', direction: 'from', protocol, address, port } as const;
    return fateOf(await this.lab.count(watched, () => this.ask(query)));
  }
}

const LISTENS = BOTH.flatMap((address) =>
  PROTOCOLS.map((protocol) => ({ protocol, address, port: DNS_PORT })),
);

/** Makes one host for all cases, since that takes longer than most of them, and puts it back to where it began for each. */
export class Benches {
  readonly open: Open;
  #lab: RulesLab | undefined;
  #server: RemoteAgent | undefined;

  constructor(open: Open) {
    this.open = open;
  }

  /** In a hook: what a test makes goes with it. */
  async begin(): Promise<void> {
    this.#lab = await RulesLab.create();
  }

  async bench(plan: InterceptionPlan = planOf()): Promise<Bench> {
    const lab = this.#lab;
    if (lab === undefined) throw new Error('there is no host yet');
    await lab.reset();
    this.#server = this.#server?.alive === true ? this.#server : await startServer(lab);
    return new Bench(lab, await this.open(plan, lab.run), this.#server);
  }

  async close(): Promise<void> {
    await this.#server?.kill();
    await this.#lab?.close();
  }
}

async function startServer(lab: RulesLab): Promise<RemoteAgent> {
  const server = lab.startServer('process');
  await server.listen(...LISTENS);
  return server;
}

function fateOf({ tracked, untracked }: { tracked: number; untracked: number }): Fate {
  if (tracked > 0) return untracked > 0 ? 'mixed' : 'tracked';
  return untracked > 0 ? 'untracked' : 'absent';
}

export const sorted = (addresses: readonly string[]): string[] => addresses.toSorted();

export const PROBE = { from: 'host', fromPort: FIRST_PROBE_PORT } as const;

/** Each kind of query that interception is about, as rows of a test. */
export const WAYS = FAMILIES.flatMap((family) =>
  PROTOCOLS.flatMap((protocol) =>
    (['pod', 'host'] as const).map((from) => ({ family, protocol, from, address: ADDRESSES[family] })),
  ),
);
