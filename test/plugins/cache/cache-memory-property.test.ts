/**
 * The shared memory beside a plain list of all that was kept in it: whatever is kept, asked, dropped and closed in whatever order, it holds
 * what it has to, nothing else, and never more octets than it may.
 */
import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { expect, it } from 'vitest';
import type { Query } from '../../../src/chain/query.ts';
import { CacheMemory } from '../../../src/plugins/cache/cache-memory.ts';
import type { CacheStores, Store } from '../../../src/plugins/cache/store.ts';
import { makeQuery } from '../../support/query.ts';
import { answerTo, costOf, fillOf, isKept, octetsOf } from './memory-answers.ts';

interface Step {
  readonly what: 'keep' | 'hit' | 'drop' | 'close' | 'wait';
  readonly cache: number;
  readonly name: number;
  readonly octets: number;
  readonly ttls: number;
  /** To live, or to wait. Whole ones: what is no longer fresh has then expired in the order of leaving too. */
  readonly seconds: number;
}

/** An answer that was kept, and has neither left nor been replaced, dropped or closed since. */
interface Kept {
  readonly cache: number;
  readonly store: Store;
  readonly query: Query;
  readonly fill: number;
  readonly endMs: number;
  readonly cost: number;
}

const CACHES = 3;
const QUERIES = Array.from({ length: 24 }, (_, i) => makeQuery(`n${i}.test.`, 'A'));

const steps: Arbitrary<Step[]> = array(
  record<Step>({
    what: constantFrom('keep', 'keep', 'keep', 'keep', 'keep', 'hit', 'hit', 'drop', 'wait', 'close'),
    cache: integer({ min: 0, max: CACHES - 1 }),
    name: integer({ min: 0, max: QUERIES.length - 1 }),
    octets: oneof(integer({ min: 30, max: 200 }), integer({ min: 30, max: 2500 })),
    ttls: integer({ min: 0, max: 9 }),
    seconds: integer({ min: 1, max: 30 }),
  }),
  { maxLength: 120 },
);

class Beside {
  readonly memory = new CacheMemory();
  private readonly caches: CacheStores[];
  private readonly stores: readonly Store[];
  /** Those that have a share: they have kept something, and are not closed. */
  private readonly opened = new Set<Store>();
  private nowMs = 1_000_000;
  private model: Kept[] = [];
  private kept = 0;

  constructor(limitOctets: number, capacities: readonly number[]) {
    this.memory.limitOctets = limitOctets;
    this.caches = capacities.map((capacity) => this.memory.makeStores(capacity, capacity * 2));
    this.stores = this.caches.flatMap(({ success, denial }) => [success, denial]);
  }

  get evictions(): number {
    return this.stores.reduce((sum, { evictions }) => sum + evictions.value, 0);
  }

  take(step: Step): void {
    if (step.what === 'keep') this.keep(step);
    else if (step.what === 'hit') this.hit(step);
    else if (step.what === 'drop') this.drop(step);
    else if (step.what === 'wait') this.nowMs += step.seconds * 1000;
    else this.close(this.caches[step.cache]);
    this.check();
  }

  /** Asks for everything, then closes everything. */
  end(): void {
    for (const { cache, query, fill } of this.fresh()) {
      expect(fillOf(this.memory, this.caches[cache], query, this.nowMs)).toBe(fill);
    }
    for (const stores of this.caches) this.close(stores);
    this.check();
    expect(this.memory.usedOctets).toBe(0);
  }

  private keep({ cache, name, octets, ttls, seconds }: Step): void {
    const { memory, nowMs } = this;
    const [query, stores, store] = [QUERIES[name], this.caches[cache], this.storeOf(cache, name)];
    const fill = this.kept++ & 0xff;
    const ttlOffsets = Array.from({ length: ttls }, (_, i) => i);
    const answer = answerTo(query, { octets, fill, ttlOffsets, lifeSeconds: seconds });
    const cost = costOf(answer);
    this.forget((kept) => kept.cache === cache && kept.query === query);
    const [before, evicted] = [this.fresh(), this.evictions];
    const octetsBefore = new Map(this.stores.map((each) => [each, each.octets]));
    const wasFull = store.size >= store.capacity;

    memory.keep(stores, store, query, answer, nowMs);

    const gone = before.filter((kept) => !isKept(memory, this.caches[kept.cache], kept.query, nowMs));
    expect(this.evictions - evicted).toBe(gone.length);
    this.forget((kept) => gone.includes(kept));
    if (!store.isClosed && cost <= memory.limitOctets) {
      this.opened.add(store);
      this.model.push({ cache, store, query, fill, endMs: nowMs + seconds * 1000, cost });
    }
    if (gone.length === 0) return;
    if (!wasFull) this.expectNeeded(gone);
    this.expectFair(gone, store, octetsBefore);
  }

  /** Nothing that was good left for nothing: not while something had expired, and no more than there was no room for. */
  private expectNeeded(gone: readonly Kept[]): void {
    const { memory, stores } = this;
    expect(stores.reduce((sum, { size }) => sum + size, 0)).toBe(this.fresh().length);
    const largest = Math.max(...gone.map(({ cost }) => cost));
    expect(memory.usedOctets + largest).toBeGreaterThan(memory.limitOctets);
  }

  /** Whoever gave something up for another store was above its share. */
  private expectFair(gone: readonly Kept[], getting: Store, octetsBefore: ReadonlyMap<Store, number>): void {
    // An answer that is alone in its store may be larger than its share, and then others have to pay.
    if (getting.size === 1) return;
    const capacity = [...this.opened].reduce((sum, store) => sum + store.capacity, 0);
    for (const { store } of gone) {
      if (store === getting) continue;
      expect(octetsBefore.get(store)).toBeGreaterThan((this.memory.limitOctets * store.capacity) / capacity);
    }
  }

  private hit({ cache, name }: Step): void {
    const query = QUERIES[name];
    const known = this.fresh().find((kept) => kept.cache === cache && kept.query === query);
    expect(fillOf(this.memory, this.caches[cache], query, this.nowMs)).toBe(known?.fill);
  }

  private drop({ cache, name }: Step): void {
    this.memory.drop(this.caches[cache], this.storeOf(cache, name), QUERIES[name]);
    this.forget((kept) => kept.cache === cache && kept.query === QUERIES[name]);
  }

  private close(stores: CacheStores): void {
    this.memory.close(stores);
    for (const store of [stores.success, stores.denial]) this.opened.delete(store);
    this.forget(({ store }) => store === stores.success || store === stores.denial);
  }

  /** Each name is always positive, or always a denial: which of the two comes first is a test of its own. */
  private storeOf(cache: number, name: number): Store {
    const { success, denial } = this.caches[cache];
    return name % 3 === 0 ? denial : success;
  }

  private fresh(): Kept[] {
    return this.model.filter(({ endMs }) => endMs > this.nowMs);
  }

  private forget(isGone: (kept: Kept) => boolean): void {
    this.model = this.model.filter((kept) => !isGone(kept));
  }

  private check(): void {
    const { memory, nowMs, stores } = this;
    const expected = new Set(this.fresh().map(({ cache, query }) => `${cache} ${query.nameText}`));
    this.caches.forEach((cache, number) => {
      const found = QUERIES.filter((query) => isKept(memory, cache, query, nowMs));
      const wanted = QUERIES.filter((query) => expected.has(`${number} ${query.nameText}`));
      expect(found).toEqual(wanted);
    });
    expect(memory.usedOctets).toBeLessThanOrEqual(memory.limitOctets);
    expect(memory.usedOctets).toBe(octetsOf(stores));
    for (const store of stores) expect(store.size).toBeLessThanOrEqual(store.capacity);
  }
}

const capacities = (max: number): Arbitrary<number[]> =>
  array(integer({ min: 1, max }), { minLength: CACHES, maxLength: CACHES });

it('keeps all that is good as long as there is room for it', () => {
  assert(
    property(steps, (taken) => {
      const beside = new Beside(Infinity, [1000, 1000, 1000]);
      for (const step of taken) beside.take(step);
      expect(beside.evictions).toBe(0);
      beside.end();
    }),
  );
});

it('never takes more octets than it may, and takes room from whoever has too much', () => {
  assert(
    property(integer({ min: 100, max: 12_000 }), capacities(1000), steps, (limit, sizes, taken) => {
      const beside = new Beside(
        limit,
        // More than there are names: here octets alone are short.
        sizes.map((size) => size + QUERIES.length),
      );
      for (const step of taken) beside.take(step);
      beside.end();
    }),
  );
});

it('never has more answers in a store than it may, whatever the octets', () => {
  assert(
    property(integer({ min: 3000, max: 20_000 }), capacities(9), steps, (limit, sizes, taken) => {
      const beside = new Beside(limit, sizes);
      for (const step of taken) beside.take(step);
      beside.end();
    }),
  );
});
