/** Of the contract of rule backends: What stands on the host before and after each call, and beside what others put there. */
import { expect, it } from 'vitest';
import type { ContractOptions } from './contract.ts';
import { BOTH, planOf, sorted } from './rules-bench.ts';
import type { Benches } from './rules-bench.ts';
import { ADDRESSES } from './rules-lab.ts';

export function standing(
  benches: Benches,
  { everything, others, addOthers, damages }: ContractOptions,
): void {
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
