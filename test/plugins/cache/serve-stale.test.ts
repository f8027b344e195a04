/** Answers that have expired: when they are given, what they look like, and what ends them (RFC 8767). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { makeQuery } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { CacheChain, SOA, ttlsOf } from './cache-chain.ts';

const POSITIVE: ReplySpec = { answers: ['@ 60 IN A 192.0.2.1'] };
const NEWER: ReplySpec = { answers: ['@ 60 IN A 192.0.2.2'] };
const NXDOMAIN: ReplySpec = { rcode: 'NXDOMAIN', authority: [SOA(60, 60)] };
const NODATA: ReplySpec = { authority: [SOA(60, 60)] };
const TIMEOUT = new Failure(2, 'i/o timeout', 'forward', { code: 22, text: 'upstream: timeout' });

const IMMEDIATE = 'cache {\n serve_stale 1h\n}';
const VERIFY = 'cache {\n serve_stale 1h verify\n}';

const PREFER = (mode: string): string =>
  `cache {\n serve_stale 1h ${mode}\n serve_stale_policy prefer_positive\n}`;

const A1 = 'a.test. 30 IN A 192.0.2.1';
const A2 = 'a.test. 60 IN A 192.0.2.2';

/** A cache whose answer to a.test. has expired. */
async function expired(corefile: string, spec: ReplySpec = POSITIVE): Promise<CacheChain> {
  const chain = new CacheChain(corefile, spec);
  await chain.outcome();
  chain.context.clock.advance(60_000);
  chain.behind.asked.length = 0;
  return chain;
}

const count = (chain: CacheChain, name: string): number | undefined =>
  chain.context.metrics.value(`coredns_cache_${name}`, 'dns://:53', '.', '');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is behind answers when the test says so. */
function scriptLater(chain: CacheChain): (script: (query: Query) => Outcome) => Promise<void> {
  const waiting: ((script: (query: Query) => Outcome) => void)[] = [];
  chain.behind.script = (query) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    waiting.push((script) => resolve(script(query)));
    return promise;
  };
  return async (script) => {
    for (const answer of waiting.splice(0)) answer(script);
    await new Promise((resolve) => setImmediate(resolve));
  };
}

/** Time goes on, for the clock and for timers. */
async function pass(chain: CacheChain, ms: number): Promise<void> {
  chain.context.clock.advance(ms);
  await vi.advanceTimersByTimeAsync(ms);
}

describe('an answer that has expired', () => {
  it('is never given without serve_stale, or where it is 0', async () => {
    for (const corefile of ['cache', 'cache 30', 'cache {\n serve_stale 0\n}', 'cache {\n prefetch 1\n}']) {
      const chain = await expired(corefile);
      chain.behind.script = () => TIMEOUT;
      expect((await chain.ask()).rcode).toBe('SERVFAIL');
      expect((await chain.ask()).rcode).toBe('SERVFAIL');
    }
  });

  it.each([
    { mode: 'at once', corefile: IMMEDIATE },
    { mode: 'after the upstream failed', corefile: VERIFY },
  ])('is given for the duration and no longer, $mode', async ({ corefile }) => {
    const chain = await expired(corefile);
    chain.behind.script = () => TIMEOUT;
    expect((await chain.ask()).answer).toEqual([A1]);
    chain.context.clock.advance(3_600_000 - 1);
    expect((await chain.ask()).answer).toEqual([A1]);
    chain.context.clock.advance(1);
    expect((await chain.ask()).rcode).toBe('SERVFAIL');
    expect(count(chain, 'served_stale_total')).toBe(2);
  });

  it.each([
    { what: 'an answer', spec: POSITIVE, code: 3 },
    { what: 'a denial of the type', spec: NODATA, code: 3 },
    { what: 'a denial of the name', spec: NXDOMAIN, code: 19 },
  ])('says so, and is not authentic: $what', async ({ spec, code }) => {
    const chain = await expired(IMMEDIATE, { ...spec, authenticData: true });
    chain.behind.script = () => TIMEOUT;
    expect(await chain.outcome()).toMatchObject({
      source: 'cache',
      authenticData: false,
      fixedTtlSeconds: 30,
      extendedError: { code, text: '' },
    });
    expect(ttlsOf(await chain.ask())).toEqual([30]);
  });

  it.each([
    { corefile: 'cache {\n serve_stale 1h immediate 7s\n}', ttl: 7 },
    { corefile: 'cache {\n serve_stale 1h verify 1s 9s\n}', ttl: 9 },
    { corefile: 'cache {\n keepttl\n serve_stale 1h\n}', ttl: 30 },
  ])('has the TTL that the configuration says: $ttl', async ({ corefile, ttl }) => {
    const chain = await expired(corefile);
    chain.behind.script = () => TIMEOUT;
    expect(ttlsOf(await chain.ask())).toEqual([ttl]);
  });

  it('leaves no trace on the next fresh one', async () => {
    const chain = await expired(IMMEDIATE);
    chain.behind.script = (query) => (query.nameText === 'a.test.' ? TIMEOUT : replyTo(query, POSITIVE));
    await chain.ask('b.test.');
    await chain.ask();
    expect(await chain.outcome('b.test.')).toMatchObject({ fixedTtlSeconds: -1, extendedError: undefined });
  });

  it.each([
    { what: 'TTL 0', spec: { answers: ['@ 0 IN A 192.0.2.1'] } },
    { what: 'a record of TTL 0', spec: { ...POSITIVE, additional: ['ns.test. 0 IN A 192.0.2.9'] } },
    { what: 'a referral', spec: { authority: ['sub.test. 900 IN NS ns.sub.test.'] } },
    { what: 'a truncated one', spec: { ...POSITIVE, truncated: true } },
    { what: 'a failure', spec: { rcode: 'SERVFAIL' } },
  ])('is not given where it was $what', async ({ spec }) => {
    const chain = await expired(IMMEDIATE, spec);
    chain.behind.script = () => TIMEOUT;
    expect(await chain.outcome()).toBe(TIMEOUT);
  });

  it('is given by a cache that a reload has left as it is', async () => {
    const chain = await expired(IMMEDIATE);
    const next = new CacheChain(IMMEDIATE, POSITIVE, chain.context);
    next.behind.script = () => TIMEOUT;
    expect((await next.ask()).answer).toEqual([A1]);
  });

  it('leaves before one that is fresh, the oldest first, when the store is full', async () => {
    const chain = new CacheChain('cache {\n success 1024\n serve_stale 1h\n}', POSITIVE);
    await chain.outcome('oldest.test.');
    chain.context.clock.advance(30_000);
    await chain.outcome('old.test.');
    chain.context.clock.advance(60_000);
    for (let i = 0; i < 1023; i++) await chain.outcome(`n${i}.test.`);
    chain.behind.script = () => TIMEOUT;
    expect((await chain.ask('old.test.')).rcode).toBe('NOERROR');
    expect((await chain.ask('oldest.test.')).rcode).toBe('SERVFAIL');
    for (let i = 0; i < 1023; i++) expect(await chain.source(`n${i}.test.`)).toBe('cache');
  });
});

describe('a stale answer at once', () => {
  it('costs no wait, and brings a fresh one for the next client', async () => {
    const chain = await expired(IMMEDIATE);
    const answer = scriptLater(chain);
    expect(chain.outcome()).toMatchObject({ source: 'cache', fixedTtlSeconds: 30 });
    for (let i = 0; i < 10; i++) expect((await chain.ask()).answer).toEqual([A1]);
    expect(chain.behind.asked).toHaveLength(1);
    await answer((query) => replyTo(query, NEWER, 'behind'));
    expect((await chain.ask()).answer).toEqual([A2]);
    expect(count(chain, 'prefetch_total')).toBe(1);
    expect(count(chain, 'served_stale_total')).toBe(11);
    expect(count(chain, 'misses_total')).toBe(1);
  });

  it('gives way to one that is there without waiting', async () => {
    const chain = await expired(IMMEDIATE);
    chain.answer(NEWER);
    expect((await chain.ask()).answer).toEqual([A2]);
  });
});

describe('a stale answer after the upstream had its time', () => {
  it('is not given when the upstream answers in time', async () => {
    const chain = await expired(VERIFY);
    const answer = scriptLater(chain);
    const waiting = [chain.ask(), chain.ask('A.test.')];
    await pass(chain, 1799);
    await answer((query) => replyTo(query, NEWER, 'behind'));
    expect((await Promise.all(waiting)).map(({ answer: lines }) => lines)).toEqual([
      [A2],
      ['A.test. 60 IN A 192.0.2.2'],
    ]);
    expect(chain.behind.asked).toHaveLength(1);
    expect(count(chain, 'served_stale_total')).toBe(0);
    expect(count(chain, 'misses_total')).toBe(3);
  });

  it('is given when the time is over, while the refresh goes on', async () => {
    const chain = await expired(VERIFY);
    const answer = scriptLater(chain);
    let replies = 0;
    const waiting = [chain.ask(), chain.ask()].map((reply) => reply.finally(() => replies++));
    await pass(chain, 1799);
    expect(replies).toBe(0);
    await pass(chain, 1);
    for (const reply of await Promise.all(waiting)) expect(reply.answer).toEqual([A1]);
    // Who comes now waits no more.
    expect(chain.outcome()).toMatchObject({ fixedTtlSeconds: 30 });
    await answer((query) => replyTo(query, NEWER, 'behind'));
    expect((await chain.ask()).answer).toEqual([A2]);
    expect(chain.behind.asked).toHaveLength(1);
    expect(count(chain, 'served_stale_total')).toBe(3);
  });

  it('has octets of its own', async () => {
    const chain = await expired(VERIFY);
    const answer = scriptLater(chain);
    const first = chain.outcome();
    await answer(() => TIMEOUT);
    const reply = await first;
    chain.answer(NEWER);
    await chain.outcome('b.test.');
    await chain.outcome('b.test.');
    expect(reply).toMatchObject({ length: 40, fixedTtlSeconds: 30 });
    expect(reply.kind === 0 && reply.message.length).toBe(40);
  });

  it('leaves no timer behind', async () => {
    const chain = await expired(VERIFY);
    const answer = scriptLater(chain);
    const first = chain.outcome();
    expect(vi.getTimerCount()).toBe(1);
    await answer((query) => replyTo(query, NEWER, 'behind'));
    await first;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is given when a handler has a bug', async () => {
    const chain = await expired(VERIFY);
    chain.behind.script = () => Promise.reject(new Error('bug'));
    expect((await chain.ask()).answer).toEqual([A1]);
  });

  it('waits as long as it takes with a timeout of 0', async () => {
    const chain = await expired('cache {\n serve_stale 1h verify 0\n}');
    const answer = scriptLater(chain);
    const first = chain.ask();
    await pass(chain, 100_000);
    await answer((query) => replyTo(query, NEWER, 'behind'));
    expect((await first).answer).toEqual([A2]);
  });
});

describe.each([
  { mode: 'at once', corefile: IMMEDIATE },
  { mode: 'after the upstream had its time', corefile: VERIFY },
])('a refresh, with stale answers $mode,', ({ corefile }) => {
  it.each<{ what: string; script: (query: Query) => Outcome }>([
    { what: 'SERVFAIL', script: (query) => replyTo(query, { rcode: 'SERVFAIL' }) },
    { what: 'REFUSED', script: (query) => replyTo(query, { rcode: 'REFUSED' }) },
    { what: 'NOTIMP', script: (query) => replyTo(query, { rcode: 'NOTIMP' }) },
    { what: 'a timeout', script: () => TIMEOUT },
  ])('that gives $what takes nothing away, and is tried again after half a minute', async ({ script }) => {
    const chain = await expired(corefile);
    chain.behind.script = (query) => Promise.resolve(script(query));
    for (let ms = 0; ms < 90_000; ms += 1000) {
      expect((await chain.ask()).answer).toEqual([A1]);
      chain.context.clock.advance(1000);
    }
    expect(chain.behind.asked).toHaveLength(3);
    chain.answer(NEWER);
    expect((await chain.ask()).answer).toEqual([A2]);
  });

  it('that this server is too busy for costs a stale answer, and is tried again at once', async () => {
    const chain = await expired(corefile);
    const overloaded = new Failure(2, 'too many queries', 'forward', { code: 0, text: 'too many queries' });
    chain.behind.script = () => overloaded;
    for (let i = 0; i < 3; i++) expect((await chain.ask()).answer).toEqual([A1]);
    expect(chain.behind.asked).toHaveLength(3);
  });

  it('is tried again as often as the configuration says', async () => {
    const chain = await expired(
      corefile === VERIFY
        ? 'cache {\n serve_stale 1h verify 1s 30s 10s\n}'
        : 'cache {\n serve_stale 1h immediate 30s 10s\n}',
    );
    chain.behind.script = (query) => Promise.resolve(replyTo(query, { rcode: 'REFUSED' }));
    for (let ms = 0; ms < 30_000; ms += 1000) {
      await chain.ask();
      chain.context.clock.advance(1000);
    }
    expect(chain.behind.asked).toHaveLength(3);
  });

  it.each([
    { what: 'a denial of the name', spec: NXDOMAIN, rcode: 'NXDOMAIN' },
    { what: 'a denial of the type', spec: NODATA, rcode: 'NOERROR' },
    { what: 'a denial that is not kept', spec: { rcode: 'NXDOMAIN' }, rcode: 'NXDOMAIN' },
  ])('that gives $what ends the answer', async ({ spec, rcode }) => {
    const chain = await expired(corefile);
    chain.behind.script = (query) => Promise.resolve(replyTo(query, spec, 'behind'));
    await chain.ask();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await chain.ask()).toMatchObject({ rcode, answer: [] });
    chain.context.clock.advance(61_000);
    chain.behind.script = () => TIMEOUT;
    expect((await chain.ask()).answer).toEqual([]);
  });
});

describe('with serve_stale_policy prefer_positive', () => {
  it.each(['immediate', 'verify'])('a denial does not end an answer, %s', async (mode) => {
    const chain = await expired(PREFER(mode));
    chain.behind.script = (query) => Promise.resolve(replyTo(query, NXDOMAIN, 'behind'));
    for (let i = 0; i < 5; i++) expect((await chain.ask()).answer).toEqual([A1]);
    // The denial is fresh: nothing more to ask.
    expect(chain.behind.asked).toHaveLength(1);
    chain.context.clock.advance(60_000);
    chain.behind.script = (query) => Promise.resolve(replyTo(query, NEWER, 'behind'));
    await chain.ask();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await chain.ask()).answer).toEqual([A2]);
  });

  it('a denial is given where there never was an answer, and when the time of the answer is over', async () => {
    const chain = await expired(PREFER('verify'));
    chain.behind.script = (query) => Promise.resolve(replyTo(query, NXDOMAIN, 'behind'));
    expect((await chain.ask('b.test.')).rcode).toBe('NXDOMAIN');
    expect((await chain.ask('b.test.')).rcode).toBe('NXDOMAIN');
    chain.context.clock.advance(3_600_000);
    expect((await chain.ask()).rcode).toBe('NXDOMAIN');
  });
});

it('a client of TCP gets the stale answer and not a truncated fresh one', async () => {
  const chain = await expired(VERIFY);
  const answer = scriptLater(chain);
  const overUdp = chain.outcome('a.test.', 'A', { transport: 'udp' });
  const overTcp = chain.ask();
  await answer(() => replyTo(makeQuery('a.test.', 'A'), { ...NEWER, truncated: true }, 'behind'));
  expect(await overUdp).toMatchObject({ truncated: true });
  expect((await overTcp).answer).toEqual([A1]);
});
