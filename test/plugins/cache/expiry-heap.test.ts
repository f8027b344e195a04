/** The entry on top is always one that expires first, whichever leave from wherever. */
import { array, assert, boolean, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXPIRY_SECOND, EntryTable, HEAP_PLACE, NONE } from '../../../src/plugins/cache/entry-table.ts';
import { ExpiryHeap } from '../../../src/plugins/cache/expiry-heap.ts';

class Heaped {
  readonly table = new EntryTable();
  readonly heap = new ExpiryHeap(this.table);
  /** Seconds by entry. */
  readonly model = new Map<number, number>();

  add(second: number): number {
    const entry = this.table.take();
    this.table.set(entry, EXPIRY_SECOND, second);
    this.heap.add(entry);
    this.model.set(entry, second);
    return entry;
  }

  remove(entry: number): void {
    this.heap.remove(entry);
    this.table.giveBack(entry);
    this.model.delete(entry);
  }

  /** @throws unless the heap says what the model does */
  check(): void {
    const { heap, model } = this;
    expect(heap.size).toBe(model.size);
    if (model.size === 0) return expect(heap.top).toBe(NONE);
    expect(model.get(heap.top)).toBe(Math.min(...model.values()));
    // None expires before the one above it: an error deep down shows here at once, and on top much later or never.
    const seconds: number[] = [];
    for (const [entry, second] of model) seconds[this.table.get(entry, HEAP_PLACE)] = second;
    const misplaced = seconds.filter((second, place) => place > 0 && second < seconds[(place - 1) >> 1]);
    expect(misplaced).toEqual([]);
  }

  /** Takes out the top until nothing is left. @returns the seconds in this order */
  drain(): (number | undefined)[] {
    const seconds: (number | undefined)[] = [];
    for (let { top } = this.heap; top !== NONE; { top } = this.heap) {
      seconds.push(this.model.get(top));
      this.remove(top);
      this.check();
    }
    return seconds;
  }
}

const ascending = (seconds: Iterable<number>): number[] => [...seconds].toSorted((one, other) => one - other);

describe('a heap', () => {
  it('without entries has no top', () => {
    const heaped = new Heaped();
    heaped.check();
    heaped.remove(heaped.add(5));
    heaped.check();
  });

  it.each([
    { what: 'ascending', second: (i: number) => i },
    { what: 'descending', second: (i: number) => 1000 - i },
    { what: 'equal', second: () => 7 },
    { what: 'mixed', second: (i: number) => (i * 7919) % 1009 },
  ])('gives out $what seconds in their order, more of them than it has places at first', ({ second }) => {
    const heaped = new Heaped();
    const seconds = Array.from({ length: 500 }, (_, i) => second(i));
    for (const each of seconds) {
      heaped.add(each);
      heaped.check();
    }
    expect(heaped.drain()).toEqual(ascending(seconds));
  });

  it('keeps its order when the last one, put where another was, has to rise', () => {
    // 1 on top; 100 … on the left, 2 … on the right: the last one of the right belongs above what is left of it.
    const heaped = new Heaped();
    const [, , , left] = [1, 100, 2, 110, 120, 3, 4].map((second) => heaped.add(second));
    heaped.remove(left);
    heaped.check();
    expect(heaped.drain()).toEqual([1, 2, 3, 4, 100, 120]);
  });

  it('knows the place of each entry, also after others have moved', () => {
    const heaped = new Heaped();
    const entries = Array.from({ length: 200 }, (_, i) => heaped.add((i * 7919) % 211));
    for (const entry of entries.filter((_, i) => i % 3 === 1)) heaped.remove(entry);
    const places = [...heaped.model.keys()].map((entry) => heaped.table.get(entry, HEAP_PLACE));
    expect(ascending(places)).toEqual(Array.from({ length: heaped.model.size }, (_, place) => place));
  });
});

it('has on top what a search through all would find, whatever comes and goes', () => {
  const step = record({
    second: integer({ min: 0, max: 60 }),
    remove: boolean(),
    which: integer({ min: 0, max: 999 }),
  });
  assert(
    property(array(step, { maxLength: 300 }), (steps) => {
      const heaped = new Heaped();
      for (const { second, remove, which } of steps) {
        const present = [...heaped.model.keys()];
        if (remove && present.length > 0) heaped.remove(present[which % present.length]);
        else heaped.add(second);
        heaped.check();
      }
      const left = ascending(heaped.model.values());
      expect(heaped.drain()).toEqual(left);
    }),
  );
});
