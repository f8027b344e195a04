/** Of the contract of rule backends: Which packets are intercepted, when, and what becomes of connections. */
import { expect, it } from 'vitest';
import { NOERROR } from './agent-calls.ts';
import { BOTH, FAMILIES, FROM_CLUSTER, WAYS, planOf } from './rules-bench.ts';
import type { Benches } from './rules-bench.ts';
import { ADDRESSES, DNS_PORT } from './rules-lab.ts';

export function interception(benches: Benches): void {
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
