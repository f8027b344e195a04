/** Who keeps the answers of a `cache` directive alive: the configurations that serve with them, and nobody else. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CacheMemory } from '../../../src/plugins/cache/cache-memory.ts';
import { StoresLease } from '../../../src/plugins/cache/stores-lease.ts';
import { makeQuery } from '../../support/query.ts';
import { fakeContext } from '../../support/setup-context.ts';
import { CacheChain } from './cache-chain.ts';
import { SMALL, answerTo, isKept } from './memory-answers.ts';

const QUERY = makeQuery('a.test.', 'A');
const CAPACITY = 1024;

let memory: CacheMemory;
let lease: StoresLease;
beforeEach(() => {
  memory = new CacheMemory();
  lease = new StoresLease(memory, CAPACITY, CAPACITY, 0);
});

const keep = (): void => memory.keep(lease.stores, lease.stores.success, QUERY, answerTo(QUERY), 0);
const keeps = (): boolean => isKept(memory, lease.stores, QUERY, 0);

describe('the stores of a directive', () => {
  it('stay while the next configuration takes over from the one before', () => {
    lease.begin();
    keep();
    lease.begin();
    lease.end();
    expect(keeps()).toBe(true);
    lease.end();
    expect([keeps(), memory.usedOctets]).toEqual([false, 0]);
    keep();
    expect(memory.usedOctets).toBe(0);
  });

  it('stay when a configuration that began to serve had to give up', () => {
    lease.begin();
    keep();
    lease.begin();
    lease.end();
    lease.begin();
    lease.end();
    expect(keeps()).toBe(true);
  });

  it('have the capacities that they are told to have', () => {
    const { success, denial } = new StoresLease(memory, 2000, 3000, 0).stores;
    expect([success.capacity, denial.capacity]).toEqual([2000, 3000]);
  });

  it('have no share before they keep something, so that a configuration that was never served takes nothing', () => {
    memory.limitOctets = 10 * SMALL;
    for (let i = 0; i < 10; i++) void new StoresLease(memory, 1_000_000, 1_000_000, 0);
    lease.begin();
    const { success, denial } = lease.stores;
    const queries = Array.from({ length: 10 }, (_, i) => makeQuery(`n${i}.test.`, 'A'));
    for (const query of queries.slice(0, 5)) memory.keep(lease.stores, success, query, answerTo(query), 0);
    for (const query of queries.slice(5)) memory.keep(lease.stores, denial, query, answerTo(query), 0);
    keep();
    expect([success.size, denial.size, success.evictions.value]).toEqual([5, 5, 1]);
  });
});

const POSITIVE = { answers: ['@ 60 IN A 192.0.2.1'] };
const used = (chain: CacheChain): number | undefined => {
  chain.context.metrics.scrape();
  return chain.context.metrics.value('nodelocaldns_cache_memory_bytes');
};

describe('a configuration', () => {
  it('that serves tells how much memory all caches take, and how much they may', async () => {
    const context = fakeContext();
    const [one, other] = ['cache', 'cache 30'].map((corefile) => new CacheChain(corefile, POSITIVE, context));
    await context.start();
    await one.outcome('a.test.');
    await other.outcome('a.test.');
    await other.outcome('b.test.');
    expect(used(one)).toBe(3 * SMALL);
    const { metrics } = context;
    expect(metrics.value('nodelocaldns_cache_memory_limit_bytes')).toBe(context.cacheOctets());
  });

  it('leaves nothing in the memory at its end, and says so', async () => {
    const chain = new CacheChain('cache', POSITIVE);
    await chain.context.start();
    await chain.outcome();
    expect(used(chain)).toBe(SMALL);
    await chain.context.stop();
    expect(used(chain)).toBe(0);
    expect(await chain.source()).toBe('behind');
    expect(used(chain)).toBe(0);
  });

  it('that was set up and given up ends without taking the answers of the one that serves', async () => {
    const serving = new CacheChain('cache', POSITIVE);
    await serving.context.start();
    await serving.outcome();
    // Hooks of its own, and the state of the other.
    const { context } = serving;
    const next = fakeContext();
    next.carry = (key, make) => context.carry(key, make);
    next.processWide = (key, make) => context.processWide(key, make);
    const abandoned = new CacheChain('cache', POSITIVE, next);
    await abandoned.context.stop();
    expect(await serving.source()).toBe('cache');
    expect(used(serving)).toBe(SMALL);
  });
});
