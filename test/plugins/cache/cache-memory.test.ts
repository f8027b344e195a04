/** What the shared memory keeps, what comes back of it, and what that costs. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Query } from '../../../src/chain/query.ts';
import { CacheMemory } from '../../../src/plugins/cache/cache-memory.ts';
import { NONE } from '../../../src/plugins/cache/entry-table.ts';
import { KeyHash } from '../../../src/plugins/cache/key-hash.ts';
import type { CacheStores, Store } from '../../../src/plugins/cache/store.ts';
import { makeQuery } from '../../support/query.ts';
import {
  NOW,
  SMALL,
  answerTo,
  costOf,
  fillOf,
  hit,
  isKept,
  keepMany,
  keptOf,
  question,
} from './memory-answers.ts';
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

describe('an answer', () => {
  it('comes back octet by octet, as often as it is asked for', () => {
    const answer = answerTo(A_TEST, { octets: 300, fill: 0xa5 });
    memory.keep(stores, stores.success, A_TEST, answer, NOW);
    for (let i = 0; i < 3; i++) {
      const { message, length } = memory.use(memory.find(stores, A_TEST, NOW), NOW);
      expect(message.slice(0, length)).toEqual(answer.message);
    }
  });

  it('has the length, the offsets of the TTLs and the rcode that were kept', () => {
    const offsets = [40, 61, 299, 0x1234];
    keep(A_TEST, { octets: 301, fill: 1, flags: 0x8583, ttlOffsets: offsets }, stores.denial);
    const reply = memory.use(memory.find(stores, A_TEST, NOW), NOW);
    expect(reply).toMatchObject({ length: 301, ttlCount: 4, rcode: 3, source: 'cache' });
    expect([...reply.ttlOffsets.subarray(0, 4)]).toEqual(offsets);
    // RFC 1034 section 6.2.7; AA was set.
    expect(reply.authoritative).toBe(false);
  });

  it.each([true, false])('has been authenticated or not: %s', (authenticData) => {
    keep(question('other.test.'), { authenticData: !authenticData });
    keep(A_TEST, { authenticData });
    hit(memory, stores, question('other.test.'));
    expect(memory.use(memory.find(stores, A_TEST, NOW), NOW).authenticData).toBe(authenticData);
  });

  it('of 65,535 octets with as many TTLs as these have room for comes back whole', () => {
    const ttlOffsets = Array.from({ length: 5900 }, (_, i) => 23 + i * 11);
    const answer = answerTo(A_TEST, { octets: 65_535, fill: 0xc3, ttlOffsets });
    memory.keep(stores, stores.success, A_TEST, answer, NOW);
    const {
      message,
      length,
      ttlOffsets: found,
      ttlCount,
    } = memory.use(memory.find(stores, A_TEST, NOW), NOW);
    expect(Buffer.compare(message.subarray(0, length), answer.message)).toBe(0);
    expect(found.subarray(0, ttlCount)).toEqual(answer.ttlOffsets);
    expect(memory.usedOctets).toBe(costOf(answer));
  });

  it('is kept with its question folded', () => {
    const asked = makeQuery('WWW.Example.ORG.', 'A');
    keep(asked);
    const { message } = memory.use(memory.find(stores, asked, NOW), NOW);
    expect(Buffer.from(message).toString('latin1', 12, 29)).toBe('\x03www\x07example\x03org\0');
  });

  it('ages by whole seconds since it was kept', () => {
    keep(A_TEST);
    for (const [ms, seconds] of [
      [0, 0],
      [999, 0],
      [1000, 1],
      [59_999, 59],
    ]) {
      expect(memory.use(memory.find(stores, A_TEST, NOW + ms), NOW + ms).ageSeconds).toBe(seconds);
    }
  });

  it.each([
    { what: 'at the beginning', nowMs: 0 },
    { what: 'after a month', nowMs: 2_678_400_000 },
    { what: 'around 2³¹ ms', nowMs: 2 ** 31 - 500 },
    { what: 'around 2³² ms, and with fractions of them', nowMs: 2 ** 32 - 0.25 },
    { what: 'after ten years', nowMs: 10 * 365 * 86_400_000 },
  ])('is fresh for its life and not longer, $what', ({ nowMs }) => {
    keep(A_TEST, { lifeSeconds: 604_800 }, stores.success, nowMs);
    const endMs = nowMs + 604_800_000;
    const late = memory.find(stores, A_TEST, endMs - 1);
    expect(late).not.toBe(NONE);
    expect(memory.use(late, endMs - 1).ageSeconds).toBe(604_799);
    expect(isKept(memory, stores, A_TEST, endMs)).toBe(false);
  });

  it('may live for parts of a second', () => {
    keep(A_TEST, { lifeSeconds: 0.25 });
    expect(isKept(memory, stores, A_TEST, NOW + 249)).toBe(true);
    expect(isKept(memory, stores, A_TEST, NOW + 250)).toBe(false);
  });

  it('takes the place of the one before it in its store', () => {
    keep(A_TEST, { octets: 500, fill: 1 });
    keep(A_TEST, { octets: 90, fill: 2 });
    expect(fillOf(memory, stores, A_TEST, NOW)).toBe(2);
    expect(stores.success.size).toBe(1);
    expect(stores.success.evictions.value).toBe(0);
    memory.drop(stores, stores.success, A_TEST);
    expect(isKept(memory, stores, A_TEST, NOW)).toBe(false);
  });

  it('that is positive comes before a denial, whichever was kept last, as long as it is fresh', () => {
    const other = question('b.test.');
    for (const [query, order] of [
      [A_TEST, [stores.success, stores.denial]],
      [other, [stores.denial, stores.success]],
    ] as const) {
      for (const store of order) {
        const isSuccess = store === stores.success;
        keep(query, { octets: 60, fill: isSuccess ? 1 : 2, lifeSeconds: isSuccess ? 10 : 20 }, store);
      }
      expect(fillOf(memory, stores, query, NOW)).toBe(1);
      expect(memory.isIn(memory.find(stores, query, NOW), stores.success)).toBe(true);
      expect(fillOf(memory, stores, query, NOW + 10_000)).toBe(2);
      expect(memory.isIn(memory.find(stores, query, NOW + 10_000), stores.denial)).toBe(true);
      expect(isKept(memory, stores, query, NOW + 20_000)).toBe(false);
    }
  });

  it('that is dropped leaves the other store as it is', () => {
    keep(A_TEST, { octets: 60, fill: 1 });
    keep(A_TEST, { octets: 60, fill: 2 }, stores.denial);
    memory.drop(stores, stores.success, A_TEST);
    expect(fillOf(memory, stores, A_TEST, NOW)).toBe(2);
    memory.drop(stores, stores.success, A_TEST);
    expect(fillOf(memory, stores, A_TEST, NOW)).toBe(2);
  });
});

describe.each([
  { what: 'as it comes', hash: undefined },
  // Whoever finds names that collide gets no answer of another one.
  { what: 'the same for all', hash: 42 },
])('a question, with a hash that is $what,', ({ hash }) => {
  beforeEach(() => {
    if (hash !== undefined) vi.spyOn(KeyHash.prototype, 'of').mockReturnValue(hash);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('has an answer of its own for each type, class, DO and CD', () => {
    const queries = [
      makeQuery('a.test.', 'A'),
      makeQuery('a.test.', 'AAAA'),
      makeQuery('a.test.', 'A', { class: 'CH' }),
      makeQuery('a.test.', 'A', { dnssecOk: true }),
      makeQuery('a.test.', 'A', { checkingDisabled: true }),
      makeQuery('a.test.', 'A', { dnssecOk: true, checkingDisabled: true }),
      makeQuery('b.test.', 'A'),
      makeQuery('test.', 'A'),
      makeQuery('.', 'A'),
    ];
    queries.forEach((query, fill) => {
      expect(isKept(memory, stores, query, NOW)).toBe(false);
      keep(query, { octets: 64, fill });
    });
    queries.forEach((query, fill) => expect(fillOf(memory, stores, query, NOW)).toBe(fill));
    memory.drop(stores, stores.success, queries[3]);
    expect(queries.map((query) => isKept(memory, stores, query, NOW))).toEqual(
      queries.map((_, i) => i !== 3),
    );
  });

  it('to two caches has an answer in each, and one store of neither forgets that of the other', () => {
    const other = memory.makeStores(CAPACITY, CAPACITY);
    keep(A_TEST, { octets: 64, fill: 1 });
    expect(isKept(memory, other, A_TEST, NOW)).toBe(false);
    memory.keep(other, other.success, A_TEST, answerTo(A_TEST, { octets: 64, fill: 2 }), NOW);
    expect(fillOf(memory, stores, A_TEST, NOW)).toBe(1);
    expect(fillOf(memory, other, A_TEST, NOW)).toBe(2);
    memory.drop(other, other.success, A_TEST);
    expect(fillOf(memory, stores, A_TEST, NOW)).toBe(1);
  });
});

describe('an extended error', () => {
  it('comes back with its answer, and with no other', () => {
    const errors = [
      { code: 13, text: '' },
      { code: 13, text: 'of another text' },
      { code: 15, text: 'blocked' },
      undefined,
    ];
    errors.forEach((extendedError, i) => keep(question(i), { extendedError }));
    errors.forEach((extendedError, i) => {
      expect(memory.use(memory.find(stores, question(i), NOW), NOW).extendedError).toEqual(extendedError);
    });
  });

  it('that has been kept often takes no more numbers', () => {
    keepMany(memory, stores, stores.success, 600, { extendedError: { code: 13, text: '' } });
    keep(A_TEST, { extendedError: { code: 15, text: 'after 600' } });
    expect(memory.use(memory.find(stores, A_TEST, NOW), NOW).extendedError).toEqual({
      code: 15,
      text: 'after 600',
    });
  });

  it('beyond the 255th is left out, and its answer is not', () => {
    for (let i = 0; i < 257; i++) keep(question(i), { extendedError: { code: i, text: '' } });
    const codes = [0, 254, 255, 256].map(
      (i) => memory.use(memory.find(stores, question(i), NOW), NOW).extendedError?.code,
    );
    expect(codes).toEqual([0, 254, undefined, undefined]);
  });
});

describe('the reply of a hit', () => {
  it('is lent: the next hit overwrites it, and what was kept of it stays', () => {
    keep(A_TEST, {
      octets: 90,
      fill: 1,
      flags: 0x8580,
      ttlOffsets: [40],
      authenticData: true,
      extendedError: { code: 3, text: 'x' },
    });
    const b = question('b.test.');
    keep(b, { octets: 300, fill: 2, flags: 0x8183, ttlOffsets: [50, 60] }, stores.denial);
    const lent = memory.use(memory.find(stores, A_TEST, NOW + 7000), NOW + 7000);
    const own = lent.kept();
    const message = own.message.slice();
    expect(own).not.toBe(lent);
    expect([own.message.length, own.length, own.message.at(-1)]).toEqual([90, 90, 1]);

    expect(memory.use(memory.find(stores, b, NOW), NOW)).toBe(lent);
    expect([lent.length, lent.message[lent.length - 1], lent.rcode]).toEqual([300, 2, 3]);
    expect(own.message).toEqual(message);
    expect(own).toMatchObject({
      length: 90,
      ttlCount: 1,
      ageSeconds: 7,
      rcode: 0,
      authenticData: true,
      authoritative: false,
      truncated: false,
      source: 'cache',
      extendedError: { code: 3, text: 'x' },
    });
    expect([...own.ttlOffsets]).toEqual([40]);
    expect(own.kept()).toBe(own);
  });
});

describe('the octets in use', () => {
  it.each([
    // The question of a.test. ends at 24.
    { octets: 24, ttls: 0, cost: SMALL },
    { octets: 62, ttls: 1, cost: SMALL },
    { octets: 64, ttls: 0, cost: SMALL },
    { octets: 64, ttls: 1, cost: SMALL + 68 },
    { octets: 65, ttls: 0, cost: SMALL + 68 },
    { octets: 512, ttls: 4, cost: 9 * 68 + 72 },
  ])('are blocks and places: $octets octets with $ttls TTLs cost $cost', ({ octets, ttls, cost }) => {
    keep(A_TEST, { octets, ttlOffsets: Array.from({ length: ttls }, () => 30) });
    expect(memory.usedOctets).toBe(cost);
    expect(stores.success.octets).toBe(cost);
    expect(stores.denial.octets).toBe(0);
    memory.drop(stores, stores.success, A_TEST);
    expect([memory.usedOctets, stores.success.octets, stores.success.size]).toEqual([0, 0, 0]);
  });

  it('are those of the last answer, when it took the place of another', () => {
    keep(A_TEST, { octets: 5000 });
    keep(A_TEST, { octets: 64 });
    expect(memory.usedOctets).toBe(SMALL);
    keep(A_TEST, { octets: 65 });
    expect(memory.usedOctets).toBe(SMALL + 68);
  });

  it('are none when the stores are closed, and those of others stay', () => {
    const other = memory.makeStores(CAPACITY, CAPACITY);
    keepMany(memory, stores, stores.success, 100, { octets: 400 });
    keepMany(memory, stores, stores.denial, 50);
    const [first, ...rest] = keepMany(memory, other, other.denial, 30);
    hit(memory, other, first);
    expect(memory.usedOctets).toBe(100 * (7 * 68 + 72) + 80 * SMALL);
    memory.close(stores);
    expect(memory.usedOctets).toBe(30 * SMALL);
    expect([stores.success.size, stores.denial.size]).toEqual([0, 0]);
    expect(keptOf(memory, other, [first, ...rest])).toBe(30);
    memory.close(other);
    expect(memory.usedOctets).toBe(0);
  });
});

describe('closed stores', () => {
  it('keep nothing, find nothing and forget nothing, however often they are closed', () => {
    keep(A_TEST);
    keep(question(1), {}, stores.denial);
    memory.close(stores);
    memory.close(stores);
    keep(A_TEST);
    keep(A_TEST, {}, stores.denial);
    expect(isKept(memory, stores, A_TEST, NOW)).toBe(false);
    memory.drop(stores, stores.success, A_TEST);
    expect(memory.usedOctets).toBe(0);
  });

  it('have no share of the memory any more', () => {
    const [big, medium, small] = [20_000, 3000, 1000].map((capacity) =>
      memory.makeStores(capacity, CAPACITY),
    );
    memory.limitOctets = 100 * SMALL;
    keepMany(memory, big, big.success, 100);
    memory.close(big);
    for (let i = 0; i < 300; i++) {
      keepMany(memory, medium, medium.success, 1, { from: i });
      keepMany(memory, small, small.success, 1, { from: i });
    }
    expect(memory.usedOctets).toBe(100 * SMALL);
    expect(Math.abs(medium.success.size - 75)).toBeLessThanOrEqual(1);
    expect(Math.abs(small.success.size - 25)).toBeLessThanOrEqual(1);
  });
});
