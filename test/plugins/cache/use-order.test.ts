/** Who leaves first: what nobody asked for again, then what was not asked for longest. */
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryTable, FLAGS, NONE, USED_SECOND } from '../../../src/plugins/cache/entry-table.ts';
import { FLAG_ESTABLISHED } from '../../../src/plugins/cache/entry-flags.ts';
import { ESTABLISHED_SECONDS, UseOrder } from '../../../src/plugins/cache/use-order.ts';

/** Bits of FLAGS that are not the order's. */
const OTHER_FLAGS = 0x506;

class Ordered {
  readonly table = new EntryTable();
  readonly order = new UseOrder(this.table);

  /** What time it is. */
  second = 0;

  get first(): number {
    return this.order.first(this.second);
  }

  add(): number {
    const entry = this.table.take();
    this.table.set(entry, USED_SECOND, NONE);
    this.table.set(entry, FLAGS, OTHER_FLAGS);
    this.order.add(entry);
    return entry;
  }

  addSome(count: number): number[] {
    return Array.from({ length: count }, () => this.add());
  }

  remove(entry: number): void {
    this.order.remove(entry);
    this.table.giveBack(entry);
  }

  use(...entries: readonly number[]): void {
    for (const entry of entries) {
      this.table.set(entry, USED_SECOND, this.second);
      this.order.use(entry);
    }
  }

  /** What leaves to make room, `count` times over. */
  evict(count = 1): number[] {
    return Array.from({ length: count }, () => {
      this.order.relegate();
      const { first } = this;
      this.remove(first);
      return first;
    });
  }

  /** All that is in it, in the order in which it leaves. */
  drain(): number[] {
    const gone: number[] = [];
    while (this.first !== NONE) gone.push(...this.evict());
    return gone;
  }

  isEstablished(entry: number): boolean {
    return (this.table.get(entry, FLAGS) & FLAG_ESTABLISHED) !== 0;
  }
}

describe('what nobody has asked for in a minute', () => {
  it('leaves before what is on trial, and one second earlier does not', () => {
    const ordered = new Ordered();
    const [idle, busy, ...trial] = ordered.addSome(10);
    ordered.use(idle, busy);
    ordered.second = ESTABLISHED_SECONDS - 1;
    ordered.use(busy);
    expect(ordered.first).toBe(trial[0]);
    ordered.second = ESTABLISHED_SECONDS;
    expect(ordered.first).toBe(idle);
    ordered.remove(idle);
    expect(ordered.first).toBe(trial[0]);
  });

  it('makes room for other names that come into use', () => {
    const ordered = new Ordered();
    ordered.use(...ordered.addSome(100));
    ordered.second = ESTABLISHED_SECONDS;
    // As many new ones as there is room for, asked for in turns.
    const fresh = ordered.addSome(100);
    expect(ordered.evict(80).filter((entry) => fresh.includes(entry))).toEqual([]);
  });
});

describe('an order', () => {
  it('without entries has no first', () => {
    const ordered = new Ordered();
    expect(ordered.first).toBe(NONE);
    ordered.remove(ordered.add());
    expect(ordered.first).toBe(NONE);
  });

  it('of entries that nobody asked for again lets the oldest go first', () => {
    const ordered = new Ordered();
    const entries = ordered.addSome(5);
    expect(ordered.drain()).toEqual(entries);
  });

  it('lets those that somebody asked for go last, the least recently used first', () => {
    const ordered = new Ordered();
    const [a, b, c, d, e, f] = ordered.addSome(6);
    ordered.use(d, a, b, d);
    expect(ordered.drain()).toEqual([c, e, f, a, b, d]);
  });

  it.each([
    { what: 'the newest', which: 3, left: [0, 1, 2] },
    { what: 'the oldest', which: 0, left: [1, 2, 3] },
    { what: 'one between', which: 2, left: [0, 1, 3] },
  ])('without $what is that of the others, on trial or established', ({ which, left }) => {
    const trial = new Ordered();
    const tried = trial.addSome(4);
    trial.remove(tried[which]);
    expect(trial.drain()).toEqual(left.map((i) => tried[i]));

    const ordered = new Ordered();
    const used = ordered.addSome(4);
    const others = ordered.addSome(4);
    ordered.use(...used);
    ordered.remove(used[which]);
    expect(ordered.drain()).toEqual([...others, ...left.map((i) => used[i])]);
  });

  it('goes on when its only entry of a part has left', () => {
    const ordered = new Ordered();
    const [a, b] = ordered.addSome(2);
    ordered.use(a);
    ordered.remove(a);
    const c = ordered.add();
    ordered.remove(b);
    ordered.remove(c);
    const [d, e] = ordered.addSome(2);
    ordered.use(d);
    expect(ordered.drain()).toEqual([e, d]);
  });

  it('leaves the other flags of an entry alone', () => {
    const ordered = new Ordered();
    const entries = ordered.addSome(10);
    ordered.use(...entries, ...entries);
    const flags = entries.map((entry) => ordered.table.get(entry, FLAGS) & ~FLAG_ESTABLISHED);
    expect(flags).toEqual(entries.map(() => OTHER_FLAGS));
  });
});

describe('the established part', () => {
  it('is four fifths of all at most where room is made: the least recently used are on trial again', () => {
    const ordered = new Ordered();
    const entries = ordered.addSome(10);
    ordered.use(...entries.slice(0, 8));
    ordered.order.relegate();
    expect(entries.filter((entry) => ordered.isEstablished(entry))).toEqual(entries.slice(0, 8));
    ordered.use(entries[8]);
    ordered.order.relegate();
    expect(entries.filter((entry) => ordered.isEstablished(entry))).toEqual(entries.slice(1, 9));
    // The youngest of those on trial: behind the one that was never used.
    expect(ordered.drain()).toEqual([entries[9], entries[0], ...entries.slice(1, 9)]);
  });

  it('is all that is in use while there is room, so that a flood turns out none of it later', () => {
    const ordered = new Ordered();
    const used = ordered.addSome(100);
    ordered.use(...used);
    expect(used.every((entry) => ordered.isEstablished(entry))).toBe(true);
    // The room that there was.
    ordered.addSome(100);
    for (let i = 0; i < 1_000; i++) {
      expect(used).not.toContain(ordered.evict()[0]);
      ordered.add();
    }
  });

  it('is brought back to its part a few at a time', () => {
    const ordered = new Ordered();
    const entries = ordered.addSome(100);
    ordered.use(...entries);
    ordered.order.relegate();
    expect(entries.filter((entry) => !ordered.isEstablished(entry))).toEqual(entries.slice(0, 2));
    for (let i = 0; i < 30; i++) ordered.order.relegate();
    expect(entries.filter((entry) => ordered.isEstablished(entry))).toEqual(entries.slice(20));
  });

  it('may be all there is when there is but one', () => {
    const ordered = new Ordered();
    const only = ordered.add();
    ordered.use(only, only);
    expect(ordered.isEstablished(only)).toBe(true);
    ordered.order.relegate();
    expect(ordered.drain()).toEqual([only]);
  });

  it('gives up the least recently used one when nothing is on trial', () => {
    const ordered = new Ordered();
    const entries = ordered.addSome(5);
    ordered.use(...entries);
    ordered.use(entries[0]);
    expect(ordered.evict()).toEqual([entries[1]]);
    expect(ordered.drain()).toEqual([entries[2], entries[3], entries[4], entries[0]]);
  });

  it('outlives a flood of entries that are used once', () => {
    const ordered = new Ordered();
    const entries = ordered.addSome(100);
    const used = entries.slice(0, 80);
    ordered.use(...used);
    for (let i = 0; i < 10_000; i++) {
      expect(used).not.toContain(ordered.evict()[0]);
      ordered.add();
    }
    expect(ordered.drain().slice(-80)).toEqual(used);
  });

  it('takes in what is new and used, however full it is of what nobody wants any more', () => {
    const ordered = new Ordered();
    ordered.use(...ordered.addSome(100));
    const young = Array.from({ length: 100 }, () => {
      ordered.evict();
      const entry = ordered.add();
      ordered.use(entry);
      return entry;
    });
    expect(ordered.drain()).toEqual(young);
  });
});

it('is that of two plain lists, whatever is added, used and removed', () => {
  const step = record({
    what: constantFrom('add', 'add', 'use', 'use', 'remove', 'evict'),
    which: integer({ min: 0, max: 999 }),
  });
  assert(
    property(array(step, { maxLength: 300 }), (steps) => {
      const ordered = new Ordered();
      const trial: number[] = [];
      const established: number[] = [];
      const take = (entry: number): void => {
        for (const part of [trial, established]) {
          if (part.includes(entry)) part.splice(part.indexOf(entry), 1);
        }
      };
      for (const { what, which } of steps) {
        const all = [...trial, ...established];
        const entry = all[which % all.length];
        if (what === 'add' || all.length === 0) trial.push(ordered.add());
        else if (what === 'use') {
          ordered.use(entry);
          take(entry);
          established.push(entry);
        } else if (what === 'remove') {
          ordered.remove(entry);
          take(entry);
        } else {
          for (let i = 0; i < 2; i++)
            if (established.length > all.length * 0.8) trial.push(...established.splice(0, 1));
          take(ordered.evict()[0]);
        }
        expect(ordered.first).toBe([...trial, ...established, NONE][0]);
        expect(established.every((each) => ordered.isEstablished(each))).toBe(true);
        expect(trial.some((each) => ordered.isEstablished(each))).toBe(false);
      }
      expect(ordered.drain()).toEqual([...trial, ...established]);
    }),
  );
});
