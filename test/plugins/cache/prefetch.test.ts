/** Which answers are asked for again before they expire, and how often. */
import { describe, expect, it } from 'vitest';
import { exchangeGate } from '../../../src/chain/exchange-gate.ts';
import { Failure } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { CacheChain, SOA, ttlsOf } from './cache-chain.ts';

const A = (ttl: number, last = 1): ReplySpec => ({ answers: [`@ ${ttl} IN A 192.0.2.${last}`] });
const PREFETCH = (words: string): string => `cache {\n prefetch ${words}\n}`;
const prefetches = (chain: CacheChain): number | undefined =>
  chain.context.metrics.value('coredns_cache_prefetch_total', 'dns://:53', '.', '');

/** Asks once, and `uses` times for what is kept, a second apart, until `second`. */
async function useUntil(chain: CacheChain, second: number, uses: number): Promise<void> {
  await chain.outcome();
  chain.context.clock.advance((second - uses) * 1000);
  for (let i = 0; i < uses; i++) {
    chain.context.clock.advance(1000);
    await chain.outcome();
  }
}

/** What is behind answers when the test says so. */
function scriptLater(chain: CacheChain): ((outcome: (query: Query) => Outcome) => void)[] {
  const answers: ((outcome: (query: Query) => Outcome) => void)[] = [];
  chain.behind.script = (query) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    answers.push((outcome) => resolve(outcome(query)));
    return promise;
  };
  return answers;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an answer that is about to expire', () => {
  it.each([
    { what: 'was used often enough', words: '3', second: 54, uses: 3, asked: 2 },
    { what: 'was used once too few', words: '4', second: 54, uses: 3, asked: 1 },
    { what: 'has more than a tenth of its life left', words: '3', second: 53, uses: 3, asked: 1 },
    {
      what: 'has a fifth of its life left, where that is the bound',
      words: '3 1m 20%',
      second: 48,
      uses: 3,
      asked: 2,
    },
    { what: 'was asked for with too long a pause', words: '3 500ms', second: 54, uses: 3, asked: 1 },
    { what: 'is not to be asked for', words: '0', second: 59, uses: 30, asked: 1 },
  ])('is asked for again or not: it $what', async ({ words, second, uses, asked }) => {
    const chain = new CacheChain(PREFETCH(words), A(60));
    await useUntil(chain, second, uses);
    expect(chain.behind.asked).toHaveLength(asked);
  });

  it('is given while the next one is on its way, which then takes its place', async () => {
    const chain = new CacheChain(PREFETCH('1'), A(60));
    await chain.outcome();
    const answers = scriptLater(chain);
    chain.context.clock.advance(55_000);
    expect(ttlsOf(await chain.ask())).toEqual([5]);
    expect(await chain.source()).toBe('cache');
    expect(chain.behind.asked).toHaveLength(2);
    answers[0]((query) => replyTo(query, A(60, 2), 'behind'));
    await settled();
    expect((await chain.ask()).answer).toEqual(['a.test. 60 IN A 192.0.2.2']);
    expect(prefetches(chain)).toBe(1);
    expect(chain.behind.asked).toHaveLength(2);
  });

  it('goes on being asked for as long as it is used', async () => {
    const chain = new CacheChain(PREFETCH('10'), A(20));
    await useUntil(chain, 12, 12);
    for (let i = 0; i < 100; i++) {
      chain.context.clock.advance(1000);
      expect(await chain.source()).toBe('cache');
    }
    // Every 18 s of 112.
    expect(chain.behind.asked).toHaveLength(7);
  });

  it('is in use across its answers, whether they were there in time or not', async () => {
    const chain = new CacheChain(PREFETCH('30'), A(20));
    let waits = 0;
    for (let second = 0; second < 60; second++) {
      if ((await chain.source()) === 'behind') waits++;
      chain.context.clock.advance(1000);
    }
    // At 0 s and 20 s; then ahead of 40 s and of 58 s.
    expect(waits).toBe(2);
    expect(chain.behind.asked).toHaveLength(4);
  });

  it('is waited for by those who come after it has expired', async () => {
    const chain = new CacheChain(PREFETCH('1'), A(60));
    await chain.outcome();
    const answers = scriptLater(chain);
    chain.context.clock.advance(59_000);
    await chain.outcome();
    chain.context.clock.advance(1000);
    const waiting = chain.ask();
    expect(chain.behind.asked).toHaveLength(2);
    answers[0]((query) => replyTo(query, A(60, 2), 'behind'));
    expect((await waiting).answer).toEqual(['a.test. 60 IN A 192.0.2.2']);
  });

  it('may turn into a denial', async () => {
    const chain = new CacheChain(PREFETCH('1'), A(60));
    await chain.outcome();
    chain.answer({ rcode: 'NXDOMAIN', authority: [SOA(60, 60)] });
    chain.context.clock.advance(59_000);
    expect((await chain.ask()).rcode).toBe('NXDOMAIN');
    expect((await chain.ask()).rcode).toBe('NXDOMAIN');
  });

  it.each<{ what: string; script: (query: Query) => Outcome }>([
    { what: 'SERVFAIL', script: (query) => replyTo(query, { rcode: 'SERVFAIL' }) },
    { what: 'REFUSED', script: (query) => replyTo(query, { rcode: 'REFUSED' }) },
    { what: 'a truncated one', script: (query) => replyTo(query, { ...A(60), truncated: true }) },
    { what: 'nothing', script: () => new Failure(2, 'timeout', 'behind', { code: 22, text: '' }) },
  ])(
    'stays where the next one is $what, and is not asked for again in the same second',
    async ({ script }) => {
      const chain = new CacheChain(PREFETCH('1'), A(60));
      await chain.outcome();
      chain.behind.script = script;
      chain.context.clock.advance(55_000);
      for (let i = 0; i < 10; i++) {
        expect((await chain.ask()).answer).toEqual(['a.test. 5 IN A 192.0.2.1']);
        chain.context.clock.advance(99);
      }
      expect(chain.behind.asked).toHaveLength(2);
    },
  );

  it('is not asked for while clients wait for exchanges', async () => {
    const chain = new CacheChain(PREFETCH('1'), A(60));
    await chain.outcome();
    chain.context.clock.advance(59_000);
    const gate = exchangeGate(chain.context);
    gate.wait({
      sinceMs: chain.context.clock.nowMs(),
      client: 1,
      key: 'b.test.',
      beganMs: NaN,
      begin: () => undefined,
      giveUp: () => undefined,
    });
    expect(await chain.source()).toBe('cache');
    expect(chain.behind.asked).toHaveLength(1);
    await settled();
    expect(await chain.source()).toBe('cache');
    expect(chain.behind.asked).toHaveLength(2);
  });

  it('costs nobody an answer when a handler has a bug', async () => {
    const chain = new CacheChain(PREFETCH('1'), A(60));
    await chain.outcome();
    chain.context.clock.advance(59_000);
    chain.behind.script = () => {
      throw new Error('at once');
    };
    expect(await chain.source()).toBe('cache');
    chain.behind.script = () => Promise.reject(new Error('later'));
    expect(await chain.source()).toBe('cache');
    await settled();
    expect(chain.context.logLines.map((line) => line.split('\n')[0])).toEqual([
      'error bug while an answer was refreshed: Error: at once',
      'error bug while an answer was refreshed: Error: later',
    ]);
  });

  it('is asked for with the question, DO and CD of the client', async () => {
    const chain = new CacheChain(PREFETCH('1'), A(60));
    const overrides = { dnssecOk: true, checkingDisabled: true };
    await chain.outcome('a.test.', 'A', overrides);
    chain.context.clock.advance(59_000);
    const asked: Query[] = [];
    chain.behind.script = (query) => {
      asked.push(query);
      return replyTo(query, A(60, 2), 'behind');
    };
    await chain.outcome('A.test.', 'A', overrides);
    expect(asked).toMatchObject([
      { dnssecOk: true, checkingDisabled: true, type: 1, server: { label: 'dns://:53' } },
    ]);
  });
});

it('a cache without prefetch asks for nothing that nobody waits for', async () => {
  const chain = new CacheChain('cache', A(60));
  await useUntil(chain, 59, 50);
  expect(chain.behind.asked).toHaveLength(1);
  expect(prefetches(chain)).toBeUndefined();
});
