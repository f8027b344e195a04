/** Who leaves when there is no room: what has expired, then who has too much, and of that what nobody asked for again. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Query } from '../../../src/chain/query.ts';
import { BlockArena } from '../../../src/plugins/cache/block-arena.ts';
import { CacheMemory } from '../../../src/plugins/cache/cache-memory.ts';
import { EntryTable, NONE } from '../../../src/plugins/cache/entry-table.ts';
import type { CacheStores, Store } from '../../../src/plugins/cache/store.ts';
import { NOW, SMALL, answerTo, hit, isKept, keepMany, keptOf, question } from './memory-answers.ts';
import type { AnswerSpec } from './memory-answers.ts';

const CAPACITY = 1024;

let memory: CacheMemory;
let stores: CacheStores;
beforeEach(() => {
  memory = new CacheMemory();
  stores = memory.makeStores(CAPACITY, CAPACITY);
});

const A_TEST = question('a.test.');

/** Keeps an answer in a store of `stores`. */
function keep(query: Query, spec: AnswerSpec = {}, where: Store = stores.success, nowMs = NOW): void {
  memory.keep(stores, where, query, answerTo(query, spec), nowMs);
}

describe('when there is no room', () => {
  it('for the number of answers, the one used least recently leaves its store, and is counted', () => {
    const tiny = memory.makeStores(4, 2);
    const queries = keepMany(memory, tiny, tiny.success, 4);
    hit(memory, tiny, queries[0]);
    const denials = keepMany(memory, tiny, tiny.denial, 2, { from: 100 });
    keepMany(memory, tiny, tiny.success, 2, { from: 50 });
    expect(queries.map((query) => isKept(memory, tiny, query, NOW))).toEqual([true, false, false, true]);
    expect(keptOf(memory, tiny, denials)).toBe(2);
    expect([tiny.success.size, tiny.success.evictions.value]).toEqual([4, 2]);
    expect([tiny.denial.size, tiny.denial.evictions.value]).toEqual([2, 0]);
  });

  it('for octets, as many leave as it takes, and no more', () => {
    memory.limitOctets = 20 * SMALL;
    const queries = keepMany(memory, stores, stores.success, 20);
    expect([memory.usedOctets, stores.success.evictions.value]).toEqual([20 * SMALL, 0]);
    // Six blocks and its places: 480 octets, four small ones.
    keep(A_TEST, { octets: 6 * 64 });
    expect(keptOf(memory, stores, queries.slice(0, 4))).toBe(0);
    expect(keptOf(memory, stores, queries.slice(4))).toBe(16);
    expect(stores.success.evictions.value).toBe(4);
    expect(memory.usedOctets).toBe(16 * SMALL + 480);
  });

  it('for one answer, whatever left, it is not kept, and nothing leaves but the one that it follows', () => {
    memory.limitOctets = 3 * SMALL;
    const queries = keepMany(memory, stores, stores.success, 3);
    keep(A_TEST, { octets: 6 * 64 });
    expect(keptOf(memory, stores, [...queries, A_TEST])).toBe(3);
    keep(queries[1], { octets: 6 * 64 });
    expect(queries.map((query) => isKept(memory, stores, query, NOW))).toEqual([true, false, true]);
    expect(stores.success.evictions.value).toBe(0);
  });

  it('an answer that takes all there is alone is kept', () => {
    memory.limitOctets = SMALL + 68;
    keepMany(memory, stores, stores.denial, 1);
    keep(A_TEST, { octets: 128 });
    expect(isKept(memory, stores, A_TEST, NOW)).toBe(true);
    expect(memory.usedOctets).toBe(memory.limitOctets);
  });

  it('since the limit was lowered, answers leave as the next one is kept', () => {
    const queries = keepMany(memory, stores, stores.success, 50);
    memory.limitOctets = 10 * SMALL;
    expect(keptOf(memory, stores, queries)).toBe(50);
    keep(A_TEST);
    expect(memory.usedOctets).toBe(10 * SMALL);
    expect(keptOf(memory, stores, queries.slice(41))).toBe(9);
    expect(isKept(memory, stores, A_TEST, NOW)).toBe(true);
  });

  it('expired answers leave first, those of another store too, and are not counted', () => {
    const other = memory.makeStores(CAPACITY, CAPACITY);
    memory.limitOctets = 30 * SMALL;
    keepMany(memory, other, other.denial, 10, { lifeSeconds: 5 });
    const fresh = keepMany(memory, stores, stores.success, 20);
    const later = NOW + 5000;
    const next = keepMany(memory, stores, stores.success, 10, { from: 100, nowMs: later });
    expect(keptOf(memory, stores, [...fresh, ...next], later)).toBe(30);
    expect([other.denial.size, other.denial.evictions.value, stores.success.evictions.value]).toEqual([
      0, 0, 0,
    ]);
    keepMany(memory, stores, stores.success, 1, { from: 200, nowMs: later });
    expect(stores.success.evictions.value).toBe(1);
  });

  it('for a large answer, as many expired ones of others leave as it takes', () => {
    const other = memory.makeStores(CAPACITY, CAPACITY);
    memory.limitOctets = 30 * SMALL;
    keepMany(memory, other, other.success, 10, { lifeSeconds: 5 });
    const fresh = keepMany(memory, stores, stores.success, 20);
    // Seven blocks and its places: four small ones.
    keep(A_TEST, { octets: 7 * 64 }, stores.success, NOW + 5000);
    expect(keptOf(memory, stores, [...fresh, A_TEST], NOW + 5000)).toBe(21);
    expect([other.success.size, stores.success.evictions.value]).toEqual([6, 0]);
  });

  it('an answer is good to its end, also within the second in which it ends', () => {
    keep(A_TEST, { lifeSeconds: 1.5 });
    keepMany(memory, stores, stores.success, 1, { from: 1, nowMs: NOW + 1400 });
    expect(isKept(memory, stores, A_TEST, NOW + 1400)).toBe(true);
    keepMany(memory, stores, stores.success, 1, { from: 2, nowMs: NOW + 2000 });
    expect(stores.success.size).toBe(2);
  });

  it('an expired answer leaves its full store before any that is good, and is not counted', () => {
    const other = memory.makeStores(CAPACITY, CAPACITY);
    const tiny = memory.makeStores(3, 3);
    // More of them than leave of their own accord, so that the full store has to see for itself.
    keepMany(memory, other, other.success, 10, { lifeSeconds: 5 });
    const [a, b, c] = [60, 5, 60].map((lifeSeconds, i) => {
      const [query] = keepMany(memory, tiny, tiny.success, 1, { from: i, lifeSeconds });
      return query;
    });
    const [d] = keepMany(memory, tiny, tiny.success, 1, { from: 9, nowMs: NOW + 5000 });
    expect([a, b, c, d].map((query) => isKept(memory, tiny, query, NOW + 5000))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(tiny.success.evictions.value).toBe(0);
    keepMany(memory, tiny, tiny.success, 1, { from: 10, nowMs: NOW + 5000 });
    expect(isKept(memory, tiny, a, NOW + 5000)).toBe(false);
    expect(tiny.success.evictions.value).toBe(1);
  });

  it('answers that were asked for again stay while a flood of others passes through', () => {
    memory.limitOctets = 100 * SMALL;
    const wanted = keepMany(memory, stores, stores.success, 80);
    keepMany(memory, stores, stores.success, 20, { from: 1000 });
    for (const query of wanted) hit(memory, stores, query);
    keepMany(memory, stores, stores.success, 3000, { from: 10_000 });
    expect(keptOf(memory, stores, wanted)).toBe(80);
    expect(memory.usedOctets).toBe(100 * SMALL);
  });

  it('the first use of an answer counts, whoever had its place in the table before', () => {
    const tiny = memory.makeStores(3, 3);
    const [gone] = keepMany(memory, tiny, tiny.success, 1, { from: 100 });
    hit(memory, tiny, gone);
    memory.drop(tiny, tiny.success, gone);
    const [a, b, c] = keepMany(memory, tiny, tiny.success, 3);
    hit(memory, tiny, a);
    keepMany(memory, tiny, tiny.success, 1, { from: 9 });
    expect([a, b, c].map((query) => isKept(memory, tiny, query, NOW))).toEqual([true, false, true]);
  });

  it('a use counts once a second', () => {
    const tiny = memory.makeStores(3, 3);
    const [a, b, c] = keepMany(memory, tiny, tiny.success, 3);
    hit(memory, tiny, a, NOW);
    hit(memory, tiny, b, NOW + 10);
    hit(memory, tiny, a, NOW + 20);
    // Two thirds are established; of three there may be two. That of `a` was the older use, in this second.
    hit(memory, tiny, c, NOW + 30);
    const [d] = keepMany(memory, tiny, tiny.success, 1, { from: 9 });
    expect([a, b, c, d].map((query) => isKept(memory, tiny, query, NOW))).toEqual([false, true, true, true]);
    hit(memory, tiny, b, NOW + 1000);
    const [e] = keepMany(memory, tiny, tiny.success, 1, { from: 10 });
    expect([b, c, d, e].map((query) => isKept(memory, tiny, query, NOW))).toEqual([true, true, false, true]);
  });
});

describe('the store that is furthest above its share', () => {
  it('pays for an answer of another one', () => {
    memory.limitOctets = 100 * SMALL;
    const many = keepMany(memory, stores, stores.success, 90);
    const few = keepMany(memory, stores, stores.denial, 10, { from: 1000 });
    few.push(...keepMany(memory, stores, stores.denial, 30, { from: 2000 }));
    expect(keptOf(memory, stores, few)).toBe(40);
    expect(keptOf(memory, stores, many)).toBe(60);
    expect([stores.success.evictions.value, stores.denial.evictions.value]).toEqual([30, 0]);
  });

  it('pays for its own answers, however many it floods the memory with', () => {
    memory.limitOctets = 100 * SMALL;
    const other = memory.makeStores(CAPACITY, CAPACITY);
    const calm = keepMany(memory, other, other.success, 50);
    keepMany(memory, stores, stores.denial, 900, { from: 1000 });
    expect(keptOf(memory, other, calm)).toBe(50);
    expect(stores.denial.size).toBe(50);
    expect([other.success.evictions.value, stores.denial.evictions.value]).toEqual([0, 850]);
  });

  it('has a share by how many answers it may hold', () => {
    const [big, small] = [memory.makeStores(3000, 3000), memory.makeStores(1000, 1000)];
    memory.limitOctets = 100 * SMALL;
    for (let i = 0; i < 300; i++) {
      keepMany(memory, big, big.success, 1, { from: i });
      keepMany(memory, small, small.success, 1, { from: i });
    }
    expect(memory.usedOctets).toBe(100 * SMALL);
    // One answer more or less, by whose turn it was.
    expect(Math.abs(big.success.size - 75)).toBeLessThanOrEqual(1);
    expect(Math.abs(small.success.size - 25)).toBeLessThanOrEqual(1);
  });

  it('shares with no store that never kept an answer', () => {
    for (let i = 0; i < 10; i++) memory.makeStores(100_000, 100_000);
    memory.limitOctets = 100 * SMALL;
    keepMany(memory, stores, stores.success, 100);
    // Half of the memory each, of two; with ten stores more, either would be far above its share, the one with more of them furthest.
    keepMany(memory, stores, stores.denial, 300, { from: 1000 });
    expect(Math.abs(stores.success.size - 50)).toBeLessThanOrEqual(1);
    const other = memory.makeStores(2 * CAPACITY, CAPACITY);
    keepMany(memory, other, other.success, 300, { from: 5000 });
    expect(Math.abs(other.success.size - 50)).toBeLessThanOrEqual(1);
    expect(Math.abs(stores.success.size - 25)).toBeLessThanOrEqual(1);
  });
});

it('takes from the system no more blocks and records than fit at once, however many answers come and go', () => {
  const blocks = vi.spyOn(BlockArena.prototype, 'write');
  const records = vi.spyOn(EntryTable.prototype, 'take');
  onTestFinished(() => void vi.restoreAllMocks());
  memory.limitOctets = 100 * SMALL;
  for (let i = 0; i < 3000; i++) {
    keep(
      question(i % 700),
      { octets: 30 + ((i * 37) % 600), lifeSeconds: 1 + (i % 7) },
      stores.success,
      NOW + i * 20,
    );
    if (i % 5 === 0) memory.drop(stores, stores.success, question((i * 3) % 700));
  }
  expect(blocks.mock.results).toHaveLength(3000);
  expect(largest(blocks.mock.results)).toBeLessThan(memory.limitOctets / 68);
  expect(largest(records.mock.results)).toBeLessThan(100);
});

const largest = (calls: readonly { readonly value: unknown }[]): number =>
  Math.max(...calls.map(({ value }) => Number(value)));

describe('answers that have expired and may be given as stale', () => {
  const LATER = NOW + 60_000;
  const isThere = (query: Query): boolean => memory.findStale(stores, query, LATER) !== NONE;
  beforeEach(() => {
    stores.success.staleSeconds = 3600;
  });

  it('count in the bound, and leave before those that are fresh, the oldest first', () => {
    memory.limitOctets = 10 * SMALL;
    const old = keepMany(memory, stores, stores.success, 5, { lifeSeconds: 60 });
    const older = keepMany(memory, stores, stores.success, 2, { lifeSeconds: 30, from: 10 });
    expect(memory.usedOctets).toBe(7 * SMALL);
    const fresh = keepMany(memory, stores, stores.success, 6, { from: 20, nowMs: LATER });
    expect(older.map(isThere)).toEqual([false, false]);
    expect(old.filter(isThere)).toHaveLength(4);
    expect(keptOf(memory, stores, fresh)).toBe(6);
    expect(memory.usedOctets).toBe(10 * SMALL);
    expect(stores.success.evictions.value).toBe(0);
  });

  it('stay while there is room, as long as they may be given', () => {
    const [query] = keepMany(memory, stores, stores.success, 1, { lifeSeconds: 60 });
    keepMany(memory, stores, stores.success, 5, { from: 10, nowMs: LATER + 3_599_000 });
    expect(memory.findStale(stores, query, LATER + 3_599_999)).not.toBe(NONE);
    keepMany(memory, stores, stores.success, 1, { from: 20, nowMs: LATER + 3_600_000 });
    expect(stores.success.size).toBe(6);
  });

  it('are not turned out by another store that has more than its share', () => {
    memory.limitOctets = 20 * SMALL;
    const old = keepMany(memory, stores, stores.success, 5, { lifeSeconds: 60 });
    keepMany(memory, stores, stores.denial, 100, { from: 100, nowMs: LATER });
    expect(old.filter(isThere)).toHaveLength(5);
  });
});
