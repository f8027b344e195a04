/** Of the contract of rule backends: What is exempted from connection tracking whether or not an address is intercepted. */
import { expect, it } from 'vitest';
import { CANARY_ADDRESSES, CANARY_PORT, FIRST_PROBE_PORT, PROBE_PORTS } from '../../../src/host/rules.ts';
import { BOTH, FAMILIES, PROBE, PROTOCOLS, WAYS } from './rules-bench.ts';
import type { Benches } from './rules-bench.ts';
import { ADDRESSES, HEALTH_PORT } from './rules-lab.ts';

export function exemptions(benches: Benches): void {
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
