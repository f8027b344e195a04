import { describe, expect, it } from 'vitest';
import { RandomIds } from '../../src/upstream/random-id.ts';

describe('RandomIds', () => {
  it('spreads ids evenly over all 16 bits', () => {
    const ids = new RandomIds();
    const buckets = new Uint32Array(256);
    const draws = 65_536;
    for (let i = 0; i < draws; i++) buckets[ids.next() >>> 8]++;
    const expected = draws / buckets.length;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: beyond these bounds less than once in a hundred million runs, either way.
    expect(chiSquare).toBeGreaterThan(145);
    expect(chiSquare).toBeLessThan(400);
  });

  it('gives no hint of the next id in this one', () => {
    const ids = new RandomIds();
    let ascents = 0;
    let before = ids.next();
    for (let i = 0; i < 10_000; i++) {
      const id = ids.next();
      if (id > before) ascents++;
      before = id;
    }
    // Half of them, with a deviation of 29.
    expect(Math.abs(ascents - 5_000)).toBeLessThan(300);
  });

  it('does not repeat a block of ids', () => {
    const ids = new RandomIds();
    const draw = (): string => Array.from({ length: 2048 }, () => ids.next()).join(',');
    expect(draw()).not.toBe(draw());
  });

  it('gives two upstreams different ids', () => {
    const one = new RandomIds();
    const other = new RandomIds();
    const pairs = Array.from({ length: 8 }, () => [one.next(), other.next()]);
    expect(pairs.every(([left, right]) => left === right)).toBe(false);
  });

  it('passes over ids that are taken', () => {
    const free = 4711;
    const taken = { has: (id: number) => id !== free };
    expect(new RandomIds().nextFree(taken)).toBe(free);
  });

  it('stays below the count', () => {
    const ids = new RandomIds();
    const seen = new Set(Array.from({ length: 2000 }, () => ids.below(64)));
    expect(seen.size).toBe(64);
    expect(Math.max(...seen)).toBe(63);
  });
});
