/** Every entry is found by its hash, and by no other, however many there are and in whatever order they come and go. */
import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryIndex } from '../../../src/plugins/cache/entry-index.ts';
import { EntryTable, HASH, NEXT_IN_BUCKET, NONE } from '../../../src/plugins/cache/entry-table.ts';

/** An index beside the plain map that it has to be like. */
class Indexed {
  readonly table = new EntryTable();
  readonly index = new EntryIndex(this.table);
  /** Hashes by entry. */
  readonly model = new Map<number, number>();

  add(hash: number): number {
    const entry = this.table.take();
    this.table.set(entry, HASH, hash);
    this.index.add(entry);
    this.model.set(entry, hash);
    return entry;
  }

  remove(entry: number): void {
    this.index.remove(entry);
    this.table.giveBack(entry);
    this.model.delete(entry);
  }

  /** All entries in the bucket of this hash. */
  bucket(hash: number): number[] {
    const entries: number[] = [];
    for (let entry = this.index.first(hash); entry !== NONE; entry = this.table.get(entry, NEXT_IN_BUCKET)) {
      entries.push(entry);
      if (entries.length > this.model.size) throw new Error('the bucket never ends');
    }
    return entries;
  }

  found(hash: number): number[] {
    return this.bucket(hash)
      .filter((entry) => this.table.get(entry, HASH) === hash)
      .toSorted((one, other) => one - other);
  }

  /** @throws unless each hash finds exactly the entries that have it, and nothing that has left */
  check(alsoAbsent: readonly number[] = []): void {
    const byHash = new Map<number, number[]>(alsoAbsent.map((hash) => [hash, []]));
    for (const [entry, hash] of this.model) byHash.set(hash, [...(byHash.get(hash) ?? []), entry]);
    for (const [hash, entries] of byHash) {
      expect(this.found(hash)).toEqual(entries.toSorted((one, other) => one - other));
      expect(this.bucket(hash).filter((entry) => !this.model.has(entry))).toEqual([]);
    }
  }
}

/** Spread over all 32 bits, the sign included, and the same in every run. */
const spread = (number: number): number => Math.imul(number + 1, 0x9e3779b1);

describe('an index', () => {
  it('without entries finds none, whatever the hash', () => {
    const indexed = new Indexed();
    for (const hash of [0, 1, -1, 255, 256, 0x7fffffff, -0x80000000]) expect(indexed.found(hash)).toEqual([]);
  });

  // The table of buckets begins with 256, and has one more for each entry above: full rounds end at 512, 1024 …
  it.each([1, 255, 256, 257, 511, 512, 513, 1024, 1025, 5000])(
    'of %i entries finds each of them',
    (count) => {
      const indexed = new Indexed();
      for (let i = 0; i < count; i++) indexed.add(spread(i));
      indexed.check([spread(count), spread(count + 1), 0]);
    },
  );

  it('has short buckets, however many entries there are', () => {
    const indexed = new Indexed();
    for (let i = 0; i < 20_000; i++) indexed.add(spread(i));
    const lengths = Array.from({ length: 20_000 }, (_, i) => indexed.bucket(spread(i)).length);
    expect(Math.max(...lengths)).toBeLessThan(20);
  });

  it('finds entries with negative hashes too', () => {
    const indexed = new Indexed();
    const entries = [-1, -2, -256, -0x80000000, 0x7fffffff].map((hash) => ({
      hash,
      entry: indexed.add(hash),
    }));
    for (let i = 0; i < 2000; i++) indexed.add(-i * 7919 - 3);
    for (const { hash, entry } of entries) expect(indexed.found(hash)).toContain(entry);
    indexed.check();
  });

  it('keeps entries of the same hash side by side, and takes out the right one', () => {
    const indexed = new Indexed();
    const entries = Array.from({ length: 6 }, () => indexed.add(42));
    // The middle, both ends, what is then the middle.
    for (const gone of [entries[3], entries[5], entries[0], entries[2]]) {
      indexed.remove(gone);
      indexed.check();
    }
    expect(indexed.found(42)).toEqual([entries[1], entries[4]]);
  });

  it('keeps hashes apart that share a bucket', () => {
    const indexed = new Indexed();
    const low = [1, 1 + 2 ** 16, 1 + 2 ** 24, 1 - 2 ** 31].map((hash) => indexed.add(hash));
    expect(indexed.bucket(1).toSorted((one, other) => one - other)).toEqual(low);
    expect(indexed.found(1)).toEqual([low[0]]);
    indexed.remove(low[1]);
    indexed.check([1 + 2 ** 16]);
  });

  it('grows while entries are in one long chain', () => {
    const indexed = new Indexed();
    for (let i = 0; i < 700; i++) indexed.add(256 * i + 3);
    for (let i = 0; i < 700; i++) indexed.add(5);
    indexed.check();
  });

  it('does not grow for entries that have left', () => {
    const indexed = new Indexed();
    for (let i = 0; i < 5000; i++) indexed.remove(indexed.add(spread(i)));
    const entries = [1, 1 + 256].map((hash) => indexed.add(hash));
    expect(indexed.bucket(1).toSorted((one, other) => one - other)).toEqual(
      entries.toSorted((one, other) => one - other),
    );
  });

  it('is as it was after all have left and as many others have come', () => {
    const indexed = new Indexed();
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 3000; i++) indexed.add(spread(round * 3000 + i));
      for (const entry of indexed.model.keys()) indexed.remove(entry);
      indexed.check([spread(0), spread(2999)]);
      expect(indexed.model.size).toBe(0);
    }
  });
});

it('finds what a map would find, whatever comes and goes', () => {
  const hash = oneof(
    // Few enough that they collide often, and that whole hashes are equal.
    constantFrom(0, 1, 256, 257, 512, -1, -256, -512, 0x7fffffff, -0x80000000),
    integer({ min: -0x80000000, max: 0x7fffffff }),
  );
  const step = record({ hash, adds: integer({ min: 0, max: 12 }), removes: integer({ min: 0, max: 8 }) });
  assert(
    property(array(step, { maxLength: 150 }), (steps) => {
      const indexed = new Indexed();
      for (const { hash: at, adds, removes } of steps) {
        for (let i = 0; i < adds; i++) indexed.add((at + i * 256) | 0);
        for (let i = 0; i < removes && indexed.model.size > 0; i++) {
          const present = [...indexed.model.keys()];
          indexed.remove(present[(i * 7919 + Math.abs(at)) % present.length]);
        }
      }
      indexed.check(steps.map(({ hash: at }) => at));
    }),
  );
});
