/**
 * What every rule backend must do, as one suite. Each case judges by packets: a query is sent from a pod or from a process of the host, and
 * what counts is whether the kernel tracked it, which is where kube-proxy begins. What only one backend has (how its rules are damaged, what
 * stands beside them) comes from whoever runs the suite.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY_ADDRESSES, CANARY_PORT, FIRST_PROBE_PORT, PROBE_PORTS } from '../../../src/host/rules.ts';
import type { InterceptionPlan, Rules } from '../../../src/host/rules.ts';
import type { RunTool } from '../../../src/host/run-tool.ts';
import { eventually } from '../../support/eventually.ts';
import type { Namespace } from '../support/namespace.ts';
import { NOERROR, NXDOMAIN, REFUSED, SERVFAIL, SILENCE } from './agent-calls.ts';
import type { RemoteAgent } from './remote-agent.ts';
import { ADDRESSES, DNS_PORT, HEALTH_PORT, RulesLab } from './rules-lab.ts';

export interface Damage {
  readonly name: string;
  /** Does it; `rules` are complete, with both addresses armed. */
  readonly inflict: (node: Namespace) => void;
}

export interface ContractOptions {
  /** Everything that stands in packet filters on this host, without counters and timers: equal before and after a life of the rules. */
  readonly everything: (node: Namespace) => string;
  /** The same without what is ours: equal whatever we do. */
  readonly others: (node: Namespace) => string;
  /** Puts rules of somebody else beside which ours must work, and which they must not touch. */
  readonly addOthers: (node: Namespace) => void;
  /** What `inspect` must call damaged, and `install` must heal. */
  readonly damages: readonly Damage[];
  /** `reason` of `requireLab`, empty when the suite can run. */
  readonly skipReason: string;
}

type Open = (plan: InterceptionPlan, run: RunTool) => Promise<Rules>;
type FamilyName = keyof typeof ADDRESSES;
type Protocol = 'udp' | 'tcp';

const FAMILIES: readonly FamilyName[] = ['ipv4', 'ipv6'];
const PROTOCOLS: readonly Protocol[] = ['udp', 'tcp'];
const BOTH = Object.values(ADDRESSES);
const FROM_CLUSTER = 'authoritative rcode 0';
const LEASE_MS = 1_000;
/** For cases in which no lease should end. */
const LONG_LEASE_MS = 10_000;

const planOf = (change: Partial<InterceptionPlan> = {}): InterceptionPlan => ({
  addresses: BOTH,
  dnsPort: DNS_PORT,
  healthPort: HEALTH_PORT,
  leaseMs: LONG_LEASE_MS,
  ...change,
});

type Fate = 'tracked' | 'untracked' | 'mixed' | 'absent';

interface Query {
  readonly address: string;
  readonly protocol: Protocol;
  readonly rcode?: number;
  readonly from?: 'pod' | 'host';
  readonly fromPort?: number;
  readonly port?: number;
}

/** One host with the rules of one plan, and a server that listens. */
class Bench {
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
class Benches {
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
    lab.reset();
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

const sorted = (addresses: readonly string[]): string[] => addresses.toSorted();

const PROBE = { from: 'host', fromPort: FIRST_PROBE_PORT } as const;

/** Each kind of query that interception is about, as rows of a test. */
const WAYS = FAMILIES.flatMap((family) =>
  PROTOCOLS.flatMap((protocol) =>
    (['pod', 'host'] as const).map((from) => ({ family, protocol, from, address: ADDRESSES[family] })),
  ),
);

export function describeRules(name: string, open: Open, options: ContractOptions): void {
  describe.skipIf(options.skipReason !== '')(`${name} ${options.skipReason}`, () => {
    const benches = new Benches(open);
    beforeAll(() => benches.begin());
    afterAll(() => benches.close());
    describe('interception', () => interception(benches));
    describe('the lease', () => lease(benches));
    describe('what is always exempted', () => exemptions(benches));
    describe('what stands', () => standing(benches, options));
  });
}

function interception(benches: Benches): void {
  it.each(WAYS)(
    'tracks $protocol over $family from a $from until an address is armed, and then no more',
    async (way) => {
      const bench = await benches.bench();
      expect(await bench.fate(way)).toBe('tracked');
      await bench.rules.install([]);
      expect(await bench.fate(way)).toBe('tracked');
      expect(await bench.ask(way)).toBe(FROM_CLUSTER);
      await bench.rules.arm([way.address]);
      expect(await bench.fate(way)).toBe('untracked');
      expect(await bench.ask(way)).toBe('rcode 0');
      await bench.rules.disarm([way.address]);
      expect(await bench.fate(way)).toBe('tracked');
      expect(await bench.ask(way)).toBe(FROM_CLUSTER);
    },
  );

  it('intercepts what it is installed with, and one address without the other', async () => {
    const bench = await benches.bench();
    await bench.rules.install([ADDRESSES.ipv4]);
    expect(await bench.fate({ address: ADDRESSES.ipv4, protocol: 'udp' })).toBe('untracked');
    expect(await bench.fate({ address: ADDRESSES.ipv6, protocol: 'udp' })).toBe('tracked');
    await bench.rules.arm([ADDRESSES.ipv6]);
    await bench.rules.disarm([ADDRESSES.ipv4]);
    expect(await bench.fate({ address: ADDRESSES.ipv4, protocol: 'udp' })).toBe('tracked');
    expect(await bench.fate({ address: ADDRESSES.ipv6, protocol: 'udp' })).toBe('untracked');
  });

  it.each(WAYS.filter(({ from }) => from === 'pod'))(
    'lets $protocol over $family from a pod go at once when the server is gone',
    async (way) => {
      const bench = await benches.bench();
      await bench.rules.install(BOTH);
      expect(await bench.fate(way)).toBe('untracked');
      await bench.server.kill();
      expect(await bench.fate(way)).toBe('tracked');
      expect(await bench.ask(way)).toBe(FROM_CLUSTER);
    },
  );

  it.each(WAYS.filter(({ from }) => from === 'pod'))(
    'does not bring $protocol over $family to a wildcard listener of somebody else',
    async (way) => {
      const bench = await benches.bench();
      await bench.rules.install(BOTH);
      const stranger = bench.lab.startServer();
      const wildcard = way.family === 'ipv4' ? '0.0.0.0' : '::';
      await bench.server.kill();
      await stranger.listen({ protocol: way.protocol, address: wildcard, port: DNS_PORT });
      expect(await bench.fate(way)).toBe('tracked');
      // Its sockets would be in the way of the next server.
      await stranger.kill();
    },
  );

  it.each(WAYS)('lets $protocol over $family from a $from go when the address is not local', async (way) => {
    const bench = await benches.bench();
    await bench.rules.install(BOTH);
    bench.lab.deleteInterface();
    // It leaves the host by this route now, where there is one; the rules see it before.
    bench.lab.node.run('ip', 'route', 'add', 'default', 'via', '10.244.0.2');
    bench.lab.node.run('ip', 'route', 'add', 'default', 'via', 'fd00:10:244::2');
    expect(await bench.fate(way)).toBe('tracked');
  });

  it.each(FAMILIES)(
    'answers 200 connections at once over %s, and queries of one connection after the other',
    async (family) => {
      const bench = await benches.bench();
      await bench.rules.install(BOTH);
      const way = { address: ADDRESSES[family], protocol: 'tcp' } as const;
      const answers = await Promise.all(Array.from({ length: 200 }, () => bench.ask(way)));
      expect(answers.filter((answer) => answer !== 'rcode 0')).toEqual([]);
      const kept = { ...way, port: DNS_PORT, rcode: NOERROR };
      expect(await bench.lab.podAgent.keep(kept)).toBe('rcode 0');
      expect(await bench.lab.podAgent.askAgain(kept)).toBe('rcode 0');
    },
  );

  it.each(FAMILIES)(
    'resets connections over %s when they change sides, and leaves none hanging',
    async (family) => {
      const bench = await benches.bench();
      const kept = { address: ADDRESSES[family], protocol: 'tcp', port: DNS_PORT, rcode: NOERROR } as const;
      const { podAgent } = bench.lab;
      await bench.rules.install([]);
      expect(await podAgent.keep(kept)).toBe(FROM_CLUSTER);
      await bench.rules.arm([kept.address]);
      expect(await podAgent.askAgain(kept)).toBe('ECONNRESET');
      expect(await podAgent.keep(kept)).toBe('rcode 0');
      await bench.rules.disarm([kept.address]);
      expect(await podAgent.askAgain(kept)).toBe('ECONNRESET');
      expect(await podAgent.keep(kept)).toBe(FROM_CLUSTER);
    },
  );

  it.each(FAMILIES)('ends connections over %s with the server', async (family) => {
    const bench = await benches.bench();
    const kept = { address: ADDRESSES[family], protocol: 'tcp', port: DNS_PORT, rcode: NOERROR } as const;
    const { podAgent } = bench.lab;
    await bench.rules.install([kept.address]);
    expect(await podAgent.keep(kept)).toBe('rcode 0');
    await bench.server.kill();
    // Which one it is depends on whether the end of the connection or the question comes first.
    expect(['closed', 'EPIPE', 'ECONNRESET']).toContain(await podAgent.askAgain(kept));
    expect(await podAgent.keep(kept)).toBe(FROM_CLUSTER);
  });

  it.each([
    { name: 'IPv4', own: ADDRESSES.ipv4, other: ADDRESSES.ipv6 },
    { name: 'IPv6', own: ADDRESSES.ipv6, other: ADDRESSES.ipv4 },
  ])('works for a plan with $name alone', async ({ own, other }) => {
    const bench = await benches.bench(planOf({ addresses: [own], healthPort: undefined }));
    await bench.rules.install([own]);
    expect(await bench.fate({ address: own, protocol: 'udp' })).toBe('untracked');
    expect(await bench.fate({ address: other, protocol: 'udp' })).toBe('tracked');
    expect(await bench.rules.inspect()).toEqual({ standing: 'complete', armed: [own], live: [own] });
    await bench.rules.remove();
    expect((await bench.rules.inspect()).standing).toBe('absent');
  });
}

function lease(benches: Benches): void {
  const plan = planOf({ leaseMs: LEASE_MS });

  // Packets of a host pass PREROUTING, too: what is counted of a pod's would be mixed up with them.
  it.each(['pod', 'host'] as const)(
    'ends for everything from a %s when nothing is answered',
    async (from) => {
      const bench = await benches.bench(plan);
      const ways = WAYS.filter((way) => way.from === from).map((way) =>
        Object.assign({ rcode: SILENCE }, way),
      );
      await bench.rules.install(BOTH);
      expect(await Promise.all(ways.map((way) => bench.fate(way)))).toEqual(ways.map(() => 'untracked'));
      await Promise.all(ways.map((way) => eventually(async () => (await bench.fate(way)) === 'tracked')));
      const state = await bench.rules.inspect();
      expect({ ...state, armed: sorted(state.armed) }).toEqual({
        standing: 'complete',
        armed: sorted(BOTH),
        live: [],
      });
    },
  );

  it.each(
    (['pod', 'host'] as const).flatMap((from) => [
      { from, name: 'NOERROR', rcode: NOERROR },
      { from, name: 'NXDOMAIN', rcode: NXDOMAIN },
    ]),
  )('is renewed by $name to a $from, in both families', async (answer) => {
    const bench = await benches.bench(plan);
    await bench.rules.install(BOTH);
    const ask = async (family: FamilyName): Promise<void> => {
      for (const end = Date.now() + 3 * LEASE_MS; Date.now() < end;) {
        expect(await bench.fate({ ...answer, address: ADDRESSES[family], protocol: 'udp' })).toBe(
          'untracked',
        );
        await delay(LEASE_MS / 10);
      }
    };
    await Promise.all(FAMILIES.map(ask));
  });

  it.each([
    { name: 'SERVFAIL over UDP', protocol: 'udp' as const, rcode: SERVFAIL },
    { name: 'REFUSED over UDP', protocol: 'udp' as const, rcode: REFUSED },
    { name: 'NOERROR over TCP', protocol: 'tcp' as const, rcode: NOERROR },
  ])('is not renewed by $name, in both families', async ({ protocol, rcode }) => {
    const bench = await benches.bench(plan);
    await bench.rules.install(BOTH);
    const ask = async (family: FamilyName): Promise<void> => {
      const query = { address: ADDRESSES[family], protocol, rcode };
      expect(await bench.ask(query)).toBe(`rcode ${rcode}`);
      await eventually(async () => (await bench.fate(query)) === 'tracked');
    };
    await Promise.all(FAMILIES.map(ask));
  });

  it('is renewed for the address that answered and for no other', async () => {
    const bench = await benches.bench(plan);
    await bench.rules.install(BOTH);
    const silent = { address: ADDRESSES.ipv6, protocol: 'udp', rcode: SILENCE } as const;
    await eventually(async () => {
      expect(await bench.ask({ address: ADDRESSES.ipv4, protocol: 'udp' })).toBe('rcode 0');
      return (await bench.fate(silent)) === 'tracked';
    });
    expect((await bench.rules.inspect()).live).toEqual([ADDRESSES.ipv4]);
  });

  it('does not begin again with an answer, once it is disarmed', async () => {
    const bench = await benches.bench(plan);
    await bench.rules.install(BOTH);
    await bench.rules.disarm(BOTH);
    expect(await bench.ask({ address: ADDRESSES.ipv4, protocol: 'udp', ...PROBE })).toBe('rcode 0');
    expect(await bench.rules.inspect()).toEqual({ standing: 'complete', armed: [], live: [] });
  });

  it('begins again with an answer to a probe, as long as it is armed', async () => {
    const bench = await benches.bench(plan);
    await bench.rules.install([ADDRESSES.ipv4]);
    await eventually(async () => (await bench.rules.inspect()).live.length === 0);
    expect(await bench.ask({ address: ADDRESSES.ipv4, protocol: 'udp', ...PROBE })).toBe('rcode 0');
    expect((await bench.rules.inspect()).live).toEqual([ADDRESSES.ipv4]);
  });

  it('is whole again after arming once more', async () => {
    const bench = await benches.bench(plan);
    await bench.rules.install([ADDRESSES.ipv4]);
    const silent = { address: ADDRESSES.ipv4, protocol: 'udp', rcode: SILENCE } as const;
    for (const end = Date.now() + 2 * LEASE_MS; Date.now() < end;) {
      await bench.rules.arm([ADDRESSES.ipv4]);
      expect(await bench.fate(silent)).toBe('untracked');
    }
  });
}

function exemptions(benches: Benches): void {
  it.each(
    FAMILIES.flatMap((family) =>
      PROTOCOLS.flatMap((protocol) =>
        [FIRST_PROBE_PORT, FIRST_PROBE_PORT + PROBE_PORTS - 1].map((fromPort) => ({
          family,
          protocol,
          fromPort,
        })),
      ),
    ),
  )(
    'holds for a probe from port $fromPort in $protocol over $family',
    async ({ family, protocol, fromPort }) => {
      const bench = await benches.bench();
      await bench.rules.install([]);
      const probe = { address: ADDRESSES[family], protocol, from: 'host', fromPort } as const;
      expect(await bench.fate(probe)).toBe('untracked');
      // Another port: a TCP connection from the same one would have to wait for the end of the first.
      expect(await bench.ask({ ...probe, fromPort: FIRST_PROBE_PORT + 1 })).toBe('rcode 0');
    },
  );

  it.each(
    PROTOCOLS.flatMap((protocol) => [
      { protocol, from: 'host' as const, fromPort: FIRST_PROBE_PORT - 1 },
      { protocol, from: 'host' as const, fromPort: FIRST_PROBE_PORT + PROBE_PORTS },
      { protocol, from: 'pod' as const, fromPort: FIRST_PROBE_PORT },
    ]),
  )('does not hold for $protocol from port $fromPort of a $from', async (query) => {
    const bench = await benches.bench();
    await bench.rules.install([]);
    expect(await bench.fate({ address: ADDRESSES.ipv4, ...query })).toBe('tracked');
    expect(await bench.fate({ address: ADDRESSES.ipv6, ...query })).toBe('tracked');
  });

  it.each(WAYS)('holds for answers in $protocol over $family to a $from', async (way) => {
    const bench = await benches.bench();
    await bench.rules.install(BOTH);
    expect(await bench.fateOfAnswer(way)).toBe('untracked');
  });

  it.each(WAYS.filter(({ from }) => from === 'host'))(
    'holds for answers in $protocol over $family also while nothing is armed',
    async (way) => {
      const bench = await benches.bench();
      await bench.rules.install([]);
      expect(await bench.fateOfAnswer({ ...way, ...PROBE })).toBe('untracked');
    },
  );

  it.each(FAMILIES)('holds for the health port over %s, both ways', async (family) => {
    const bench = await benches.bench();
    const health = { protocol: 'tcp', address: ADDRESSES[family], port: HEALTH_PORT, from: 'host' } as const;
    await bench.server.listen(health);
    expect(await bench.fate(health)).toBe('tracked');
    await bench.rules.install([]);
    expect(await bench.fate(health)).toBe('untracked');
    expect(await bench.fateOfAnswer(health)).toBe('untracked');
    await bench.server.close(health);
  });

  it.each([4, 6] as const)('shows the IPv%i canary that the rules stand', async (version) => {
    const bench = await benches.bench();
    const canary = {
      protocol: 'udp',
      address: CANARY_ADDRESSES[version],
      port: CANARY_PORT,
      from: 'host',
    } as const;
    expect(await bench.ask(canary)).toBe('ECONNREFUSED');
    await bench.rules.install([]);
    expect(await bench.ask(canary)).toBe('EPERM');
    await bench.rules.remove();
    expect(await bench.ask(canary)).toBe('ECONNREFUSED');
  });
}

function standing(benches: Benches, { everything, others, addOthers, damages }: ContractOptions): void {
  it('is absent before, complete after install, and absent after remove', async () => {
    const bench = await benches.bench();
    expect(await bench.rules.inspect()).toEqual({ standing: 'absent', armed: [], live: [] });
    await bench.rules.install([]);
    expect(await bench.rules.inspect()).toEqual({ standing: 'complete', armed: [], live: [] });
    await bench.rules.remove();
    await bench.rules.remove();
    expect(await bench.rules.inspect()).toEqual({ standing: 'absent', armed: [], live: [] });
  });

  it('is the same for arming twice, disarming twice and installing twice', async () => {
    const bench = await benches.bench();
    await bench.rules.install([]);
    const first = everything(bench.lab.node);
    for (const armed of [BOTH, BOTH]) await bench.rules.arm(armed);
    const state = await bench.rules.inspect();
    expect(sorted(state.armed)).toEqual(sorted(BOTH));
    expect(sorted(state.live)).toEqual(sorted(BOTH));
    for (const armed of [BOTH, BOTH]) await bench.rules.disarm(armed);
    expect(await bench.rules.inspect()).toEqual({ standing: 'complete', armed: [], live: [] });
    await bench.rules.install([]);
    expect(everything(bench.lab.node)).toBe(first);
  });

  it('replaces what was armed by what it is installed with', async () => {
    const bench = await benches.bench();
    await bench.rules.install([ADDRESSES.ipv4]);
    await bench.rules.install([ADDRESSES.ipv6]);
    expect(await bench.rules.inspect()).toEqual({
      standing: 'complete',
      armed: [ADDRESSES.ipv6],
      live: [ADDRESSES.ipv6],
    });
  });

  it('leaves everything of others as it is, and nothing of its own', async () => {
    const bench = await benches.bench();
    addOthers(bench.lab.node);
    const before = { all: everything(bench.lab.node), others: others(bench.lab.node) };
    const untouched = (): void => expect(others(bench.lab.node)).toBe(before.others);
    await bench.rules.install(BOTH);
    untouched();
    await bench.rules.disarm(BOTH);
    untouched();
    await bench.rules.install([]);
    untouched();
    await bench.rules.remove();
    untouched();
    expect(everything(bench.lab.node)).toBe(before.all);
  });

  it('rejects, and changes nothing, where the rules are not there to arm', async () => {
    const bench = await benches.bench();
    const before = everything(bench.lab.node);
    await expect(bench.rules.arm(BOTH)).rejects.toMatchObject({ name: 'HostError', about: 'rules' });
    expect(everything(bench.lab.node)).toBe(before);
  });

  it('is known to a second process with the same plan, as it is', async () => {
    const bench = await benches.bench();
    await bench.rules.install([ADDRESSES.ipv4]);
    const before = everything(bench.lab.node);
    const second = await benches.open(planOf(), bench.lab.run);
    expect(await second.inspect()).toEqual({
      standing: 'complete',
      armed: [ADDRESSES.ipv4],
      live: [ADDRESSES.ipv4],
    });
    expect(everything(bench.lab.node)).toBe(before);
    await second.disarm([ADDRESSES.ipv4]);
    expect(await bench.fate({ address: ADDRESSES.ipv4, protocol: 'udp' })).toBe('tracked');
  });

  it.each([
    { name: 'another lease', change: { leaseMs: 3_000 } },
    { name: 'another port', change: { dnsPort: 5353 } },
    { name: 'no health port', change: { healthPort: undefined } },
    { name: 'one address less', change: { addresses: [ADDRESSES.ipv4] } },
    { name: 'one address more', change: { addresses: [...BOTH, '169.254.20.10'] } },
  ])('is damaged for a second process with $name, which puts its own', async ({ change }) => {
    const bench = await benches.bench();
    await bench.rules.install(BOTH);
    const second = await benches.open(planOf(change), bench.lab.run);
    expect((await second.inspect()).standing).toBe('damaged');
    await second.install([]);
    expect(await second.inspect()).toEqual({ standing: 'complete', armed: [], live: [] });
    expect((await bench.rules.inspect()).standing).toBe('damaged');
  });

  it.each(damages)('is damaged after $name, and whole after install', async ({ inflict }) => {
    const bench = await benches.bench();
    await bench.rules.install(BOTH);
    const before = everything(bench.lab.node);
    inflict(bench.lab.node);
    expect((await bench.rules.inspect()).standing).toBe('damaged');
    await bench.rules.install(BOTH);
    expect((await bench.rules.inspect()).standing).toBe('complete');
    expect(everything(bench.lab.node)).toBe(before);
  });
}
