/** Of the contract of rule backends: What renews a lease, and what ends it. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { NOERROR, NXDOMAIN, REFUSED, SERVFAIL, SILENCE } from './agent-calls.ts';
import { BOTH, FAMILIES, LEASE_MS, PROBE, WAYS, planOf, sorted } from './rules-bench.ts';
import type { Benches, FamilyName } from './rules-bench.ts';
import { ADDRESSES } from './rules-lab.ts';

export function lease(benches: Benches): void {
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
