import { array, assert, constantFrom, integer, nat, oneof, property, record, string } from 'fast-check';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { KeyTable, type hashOf } from '../../src/base/key-table.ts';

const name = (number: number): string => `${number}.a.example`;

/** Few keys, so that they meet; some of any characters, of which only 16 bits count. */
const key = oneof(
  integer({ min: 0, max: 40 }).map((number) => `name${number}.example`),
  integer({ min: -40, max: 40 }),
  integer(),
  string({ unit: 'binary', maxLength: 1_200 }),
);
const step = record({ action: constantFrom('set', 'set', 'delete', 'get'), key, value: nat() });

interface Store {
  get(name: string): unknown;
  set(name: string, value: unknown): unknown;
  delete(name: string): boolean;
}

describe('KeyTable', () => {
  it('is a map', () => {
    const check = property(array(step, { maxLength: 400 }), (steps) => {
      const table = new KeyTable<string | number, number>();
      const map = new Map<string | number, number>();
      for (const { action, key: at, value } of steps) {
        if (action === 'set') {
          table.set(at, value);
          map.set(at, value);
        } else if (action === 'delete') {
          expect(table.delete(at)).toBe(map.delete(at));
        }
        expect(table.get(at)).toBe(map.get(at));
        expect(table.has(at)).toBe(map.has(at));
        expect(table.size).toBe(map.size);
      }
      for (const [at, value] of map) expect(table.get(at)).toBe(value);
    });
    assert(check, { numRuns: 300 });
  });

  it('finds everything in a crowd that comes and goes', () => {
    const table = new KeyTable<string, number>();
    for (let number = 0; number < 100_000; number++) table.set(name(number), number);
    expect(table.size).toBe(100_000);
    for (let number = 0; number < 99_990; number++) expect(table.delete(name(number))).toBe(true);
    for (let number = 99_990; number < 100_000; number++) expect(table.get(name(number))).toBe(number);
    expect(table.get(name(0))).toBeUndefined();
    expect(table.size).toBe(10);
  });

  it('tells a number from the same as text', () => {
    const table = new KeyTable<string | number, string>();
    table.set(1, 'number');
    table.set('1', 'text');
    expect([table.get(1), table.get('1')]).toEqual(['number', 'text']);
  });

  it('has nothing outlive its deletion, as former tables of a Map have', () => {
    const ofTable = octetsLeftBy(new KeyTable<string, unknown>());
    const ofMap = octetsLeftBy(new Map<string, unknown>());
    // 20,000 values of 800 octets came and went.
    expect(ofTable).toBeLessThan(1_000_000);
    expect(ofMap).toBeGreaterThan(4_000_000);
  });
});

/** How much the heap has grown, after collections of the young generation, by what came to a store that is old and left it. */
function octetsLeftBy(store: Store): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'major' | 'minor' }) => void;
  const come = (number: number): void => void store.set(`n${number}`, Array.from({ length: 100 }));
  for (let number = 0; number < 100; number++) come(number);
  collect({ type: 'major' });
  const before = getHeapStatistics().used_heap_size;
  for (let number = 100; number < 20_100; number++) {
    come(number);
    store.delete(`n${number - 100}`);
    if (number % 1_000 === 0) collect({ type: 'minor' });
  }
  collect({ type: 'minor' });
  collect({ type: 'minor' });
  return getHeapStatistics().used_heap_size - before;
}

/** Factors are drawn when the module is loaded. */
async function drawHash(): Promise<typeof hashOf> {
  vi.resetModules();
  return (await import('../../src/base/key-table.ts')).hashOf;
}

describe('the hash of a key', () => {
  it.each([
    { what: 'numbers that follow one another', keyOf: (number: number) => 0x0af4_0000 + number },
    { what: 'numbers that are 256 apart', keyOf: (number: number) => 0x0af4_0000 + number * 256 },
    { what: 'names with numbers', keyOf: name },
  ])('spreads $what with all factors', async ({ keyOf }) => {
    const places: number[] = [];
    for (let draw = 0; draw < 100; draw++) {
      const hash = await drawHash();
      // The upper bits are the place.
      const taken = Array.from({ length: 2_000 }, (_, number) => hash(keyOf(number)) >>> 18);
      places.push(new Set(taken).size);
    }
    // 1,882 of 16,384 on average, and 1,839 at least in 10,000 draws; one number of which sums are much alike leaves some hundred.
    expect(Math.min(...places)).toBeGreaterThan(1_780);
  });
});
