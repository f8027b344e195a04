/**
 * A pod that asks for random names through the search list of Kubernetes, 20,000 a second, drives an answer out of the cache for each of
 * them. Names that others ask for have to stay, through the end of their TTLs too, and come to stay when they are new.
 */
import { describe, expect, it } from 'vitest';
import { CacheMemory } from '../../../src/plugins/cache/cache-memory.ts';
import { NONE } from '../../../src/plugins/cache/entry-table.ts';
import type { CacheStores } from '../../../src/plugins/cache/store.ts';
import type { Query } from '../../../src/chain/query.ts';
import { makeQuery } from '../../support/query.ts';
import { answerTo } from './memory-answers.ts';

/** Some 150,000 questions, on a busy machine. */
const TIMEOUT_MS = 30_000;
const RANDOM_PER_MS = 20;
const HOT = 1_000;
const MEBIBYTE = 1024 * 1024;
/** CoreDNS's, for successes and denials each. */
const CAPACITY = 10_000;
const SEARCH_LIST = ['ns-1.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.', 'node.internal.', ''];
/** As Chrome and libc ask: 130 octets with the SOA of a denial. */
const OCTETS = 130;

class Pod {
  private readonly memory = new CacheMemory();
  private readonly stores: CacheStores;
  private nowMs = 5_000_000;
  private randomNames = 0;
  private readonly ttlSeconds: number;
  /** Services, and names outside that the search list makes denials of. */
  private readonly hot = Array.from({ length: HOT }, (_, index): Query =>
    index % 2 === 0
      ? makeQuery(`svc-${index}.ns.svc.cluster.local.`, 'A')
      : makeQuery(`api-${index}.example.com.${SEARCH_LIST[index % 4]}`, 'AAAA'),
  );
  private readonly endsMs = new Float64Array(HOT);
  /** Questions for hot names: all of them, those with an answer in the cache, and those whose answer had left before its time. */
  readonly counts = { asked: 0, cached: 0, lost: 0 };

  constructor({ limitMib = 64, ttlSeconds = 30 }: { limitMib?: number; ttlSeconds?: number } = {}) {
    this.memory.limitOctets = limitMib * MEBIBYTE;
    this.stores = this.memory.makeStores(CAPACITY, CAPACITY);
    this.ttlSeconds = ttlSeconds;
  }

  askHot(index: number): void {
    const { counts } = this;
    counts.asked++;
    if (this.ask(this.hot[index], index % 2 === 0)) counts.cached++;
    else {
      if (this.nowMs < this.endsMs[index]) counts.lost++;
      this.endsMs[index] = this.nowMs + this.ttlSeconds * 1_000;
    }
  }

  askAllHot(): void {
    for (let index = 0; index < HOT; index++) this.askHot(index);
    this.nowMs += 1_000;
  }

  /** Time passes with random names, while each hot name is asked for so often. */
  flood(seconds: number, everySeconds: number): void {
    const hotPerMs = HOT / (everySeconds * 1_000);
    let due = 0;
    for (let ms = 0; ms < seconds * 1_000; ms++) {
      this.nowMs++;
      for (let i = 0; i < RANDOM_PER_MS; i++) this.askRandom();
      for (due += hotPerMs; due >= 1; due--) this.askHot(Math.floor((ms * hotPerMs + due) % HOT));
    }
  }

  /** Hot names that are not kept though their answers are good. */
  get missing(): number {
    return this.hot.filter((query, index) => this.nowMs < this.endsMs[index] && !this.isKept(query)).length;
  }

  private isKept(query: Query): boolean {
    return this.memory.find(this.stores, query, this.nowMs) !== NONE;
  }

  /** The name with each suffix, for A and for AAAA. */
  private askRandom(): void {
    const number = this.randomNames++;
    const pair = Math.floor(number / 2);
    const suffix = SEARCH_LIST[pair % SEARCH_LIST.length];
    const name = `r${Math.floor(pair / SEARCH_LIST.length)}.x.${suffix}`;
    this.ask(makeQuery(name, number % 2 === 0 ? 'A' : 'AAAA'), false);
  }

  private ask(query: Query, isPositive: boolean): boolean {
    const { memory, stores, nowMs, ttlSeconds } = this;
    const entry = memory.find(stores, query, nowMs);
    if (entry !== NONE) memory.use(entry, nowMs);
    else {
      const answer = answerTo(query, { lifeSeconds: ttlSeconds, octets: OCTETS });
      memory.keep(stores, isPositive ? stores.success : stores.denial, query, answer, nowMs);
    }
    return entry !== NONE;
  }
}

describe('beside 20,000 random names a second', () => {
  it.each([
    { what: 'asked for twice a second', everySeconds: 0.5, ttlSeconds: 3, limitMib: 64 },
    { what: 'asked for every two seconds', everySeconds: 2, ttlSeconds: 5, limitMib: 64 },
    { what: 'in a cache of 1 MiB', everySeconds: 0.5, ttlSeconds: 5, limitMib: 1 },
  ])(
    '99 % of a hot set stay cached: $what',
    ({ everySeconds, ...options }) => {
      const pod = new Pod(options);
      pod.askAllHot();
      pod.askAllHot();
      pod.flood(8, everySeconds);
      expect(pod.counts.lost / pod.counts.asked).toBeLessThan(0.01);
      expect(pod.missing).toBeLessThanOrEqual(HOT / 100);
    },
    TIMEOUT_MS,
  );

  it(
    'names that come into use are cached after some questions, though the flood was there before',
    () => {
      const pod = new Pod({ ttlSeconds: 300 });
      pod.flood(2, Infinity);
      // Asked for every two seconds, while what is new has left after half a second.
      pod.flood(10, 2);
      pod.counts.asked = pod.counts.cached = 0;
      pod.flood(2, 2);
      expect(pod.counts.cached / pod.counts.asked).toBeGreaterThan(0.9);
    },
    TIMEOUT_MS,
  );
});
