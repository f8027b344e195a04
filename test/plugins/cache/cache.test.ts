/** How questions find answers: keys, hits, what replaces what, waiting together, counting. */
import { describe, expect, it } from 'vitest';
import { Failure, Reply } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { Query } from '../../../src/chain/query.ts';
import { rawQuery } from '../../support/raw-message.ts';
import type { RawQuery } from '../../support/raw-message.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { fakeContext, zonesOf } from '../../support/setup-context.ts';
import { makeQuery } from '../../support/query.ts';
import { CacheChain, SOA, ttlsOf } from './cache-chain.ts';

const POSITIVE: ReplySpec = { answers: ['@ 60 IN A 192.0.2.1'] };
const NXDOMAIN: ReplySpec = { rcode: 'NXDOMAIN', authority: [SOA(60, 60)] };
const SERVFAIL: ReplySpec = { rcode: 'SERVFAIL' };

const questionOf = (fields: Partial<RawQuery>): Query => {
  const message = rawQuery({ name: 'a.test.', ...fields });
  const made = new Query();
  made.read(message, message.length);
  made.server = { index: 0, label: 'dns://:53' };
  return made;
};

async function sharesAnswer(first: Partial<RawQuery>, second: Partial<RawQuery>): Promise<boolean> {
  const chain = new CacheChain('cache', POSITIVE);
  await chain.handler.ask(questionOf(first));
  await chain.handler.ask(questionOf(second));
  return chain.behind.asked.length === 1;
}

describe('a question', () => {
  it.each<{ what: string; fields: Partial<RawQuery> }>([
    { what: 'case', fields: { name: 'A.tEsT.' } },
    { what: 'id', fields: { id: 99 } },
    { what: 'RD', fields: { flags: 0 } },
    { what: 'AD', fields: { flags: 0x0120 } },
    { what: 'EDNS', fields: { edns: {} } },
    { what: 'EDNS size', fields: { edns: { udpSize: 4096 } } },
    { what: 'options', fields: { edns: { options: [[8, Buffer.from('00011800c00002', 'hex')]] } } },
  ])('has the answer of one that differs in nothing but $what', async ({ fields }) => {
    expect(await sharesAnswer({}, fields)).toBe(true);
    expect(await sharesAnswer(fields, {})).toBe(true);
  });

  it.each<{ what: string; fields: Partial<RawQuery> }>([
    { what: 'name', fields: { name: 'b.test.' } },
    { what: 'name above it', fields: { name: 'test.' } },
    { what: 'type', fields: { type: 'AAAA' } },
    { what: 'class', fields: { class: 'CH' } },
    { what: 'DO', fields: { edns: { dnssecOk: true } } },
    { what: 'CD', fields: { flags: 0x0110 } },
  ])('has an answer of its own for another $what', async ({ fields }) => {
    expect(await sharesAnswer({}, fields)).toBe(false);
    expect(await sharesAnswer(fields, {})).toBe(false);
  });

  it('below a name that does not exist is asked all the same (no RFC 8020)', async () => {
    const chain = new CacheChain('cache', NXDOMAIN);
    await chain.outcome('b.test.');
    expect(await chain.source('x.b.test.')).toBe('behind');
  });

  it('of another type at a name that does not exist is asked all the same', async () => {
    const chain = new CacheChain('cache', NXDOMAIN);
    await chain.outcome('a.test.', 'AAAA');
    chain.answer(POSITIVE);
    expect(await chain.ask('a.test.', 'A')).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
  });
});

describe('an answer from memory', () => {
  it('is ready at once', async () => {
    const chain = new CacheChain('cache', POSITIVE);
    await chain.outcome();
    expect(chain.outcome()).toBeInstanceOf(Reply);
  });

  it('repeats the case of its own question', async () => {
    const chain = new CacheChain('cache', POSITIVE);
    expect((await chain.ask('aA.test.')).question).toBe('aA.test. IN A');
    expect(await chain.ask('Aa.TEST.')).toMatchObject({
      question: 'Aa.TEST. IN A',
      answer: ['Aa.TEST. 60 IN A 192.0.2.1'],
    });
  });

  it('is not authoritative, whatever the first one said', async () => {
    const chain = new CacheChain('cache', { ...POSITIVE, authoritative: true });
    await chain.ask();
    expect((await chain.ask()).flags).toEqual(['qr', 'rd', 'ra']);
  });

  it('is authentic for those who ask, if the first one was', async () => {
    const chain = new CacheChain('cache', { ...POSITIVE, authenticData: true });
    await chain.outcome();
    expect(await chain.outcome()).toMatchObject({ source: 'cache', authenticData: true });
  });

  it('has the rcode, the records and the SOA of a denial', async () => {
    const chain = new CacheChain('cache', { ...NXDOMAIN, answers: ['@ 60 IN CNAME b.test.'] });
    const first = await chain.ask();
    expect(await chain.ask()).toEqual(first);
    expect(first).toMatchObject({ rcode: 'NXDOMAIN', answer: { length: 1 }, authority: [SOA(60, 60)] });
  });

  it('of a failure says that it is one', async () => {
    const chain = new CacheChain('cache', SERVFAIL);
    expect(await chain.outcome()).toMatchObject({ rcode: 2, source: 'behind', extendedError: undefined });
    expect(await chain.outcome()).toMatchObject({ rcode: 2, source: 'cache', extendedError: { code: 13 } });
  });

  it('keeps the explanation that the first one had', async () => {
    const chain = new CacheChain();
    const extendedError = { code: 6, text: 'bogus' };
    chain.behind.script = (query) => Object.assign(replyTo(query, SERVFAIL, 'behind'), { extendedError });
    expect(await chain.outcome()).toMatchObject({ source: 'behind', extendedError });
    expect(await chain.outcome()).toMatchObject({ source: 'cache', extendedError });
  });

  it('counts its TTLs down in whole seconds', async () => {
    const chain = new CacheChain('cache', {
      answers: ['@ 60 IN A 192.0.2.1'],
      additional: ['ns.test. 10 IN A 192.0.2.9'],
    });
    await chain.outcome();
    const seen: [number, number[]][] = [];
    let nowMs = 0;
    for (const ms of [0, 999, 1000, 1999, 2000, 9000, 9999]) {
      chain.context.clock.advance(ms - nowMs);
      nowMs = ms;
      seen.push([ms, ttlsOf(await chain.ask())]);
    }
    expect(seen).toEqual([
      [0, [60, 10]],
      [999, [60, 10]],
      [1000, [59, 9]],
      [1999, [59, 9]],
      [2000, [58, 8]],
      [9000, [51, 1]],
      [9999, [51, 1]],
    ]);
    chain.context.clock.advance(1);
    expect(await chain.source()).toBe('behind');
  });

  it('keeps its TTLs with keepttl, and lives no longer for it', async () => {
    const chain = new CacheChain('cache {\n keepttl\n}', POSITIVE);
    await chain.outcome();
    chain.context.clock.advance(59_999);
    expect(ttlsOf(await chain.ask())).toEqual([60]);
    chain.context.clock.advance(1);
    expect(await chain.source()).toBe('behind');
  });

  it('leaves its octets alone, which all clients share', async () => {
    const chain = new CacheChain('cache', POSITIVE);
    await chain.outcome();
    chain.context.clock.advance(5000);
    expect(ttlsOf(await chain.ask('A.TEST.'))).toEqual([55]);
    expect(ttlsOf(await chain.ask())).toEqual([55]);
    chain.context.clock.advance(5000);
    expect(ttlsOf(await chain.ask())).toEqual([50]);
  });
});

describe('what comes later', () => {
  it('a denial takes the place of an answer that has expired', async () => {
    const chain = new CacheChain('cache', POSITIVE);
    await chain.outcome();
    chain.context.clock.advance(60_000);
    chain.answer(NXDOMAIN);
    expect((await chain.ask()).rcode).toBe('NXDOMAIN');
    expect(await chain.ask()).toMatchObject({ rcode: 'NXDOMAIN', answer: [] });
    expect(chain.behind.asked).toHaveLength(2);
    await chain.context.start();
    chain.context.metrics.scrape();
    expect(chain.context.metrics.value('coredns_cache_entries', 'dns://:53', 'success', '.', '')).toBe(0);
  });

  it('an answer takes the place of a denial', async () => {
    const chain = new CacheChain('cache', NXDOMAIN);
    await chain.outcome();
    chain.context.clock.advance(60_000);
    chain.answer(POSITIVE);
    await chain.outcome();
    expect(await chain.ask()).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
    await chain.context.start();
    chain.context.metrics.scrape();
    expect(chain.context.metrics.value('coredns_cache_entries', 'dns://:53', 'denial', '.', '')).toBe(0);
  });

  it('a failure is forgotten with the first answer', async () => {
    const chain = new CacheChain('cache', SERVFAIL);
    await chain.outcome();
    chain.context.clock.advance(5_000);
    chain.answer({ answers: ['@ 5 IN A 192.0.2.1'] });
    await chain.outcome();
    expect(await chain.ask()).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
  });

  it('a failure does not hide an answer that is still good', async () => {
    const chain = new CacheChain();
    // Two clients wait; the one that is passed on first is answered last, and badly.
    const slow = Promise.withResolvers<Outcome>();
    chain.behind.script = () => slow.promise;
    const first = chain.outcome('a.test.', 'A');
    // A second cache over the same store, as after a reload that kept it.
    const second = new CacheChain('cache', POSITIVE, chain.context);
    expect((await second.ask()).rcode).toBe('NOERROR');
    slow.resolve(replyTo(makeQuery('a.test.', 'A'), SERVFAIL, 'behind'));
    await first;
    expect(await chain.ask()).toMatchObject({ rcode: 'NOERROR', answer: { length: 1 } });
  });
});

describe('many who miss the same question', () => {
  it('wait for one answer', async () => {
    const chain = new CacheChain();
    const slow = Promise.withResolvers<Outcome>();
    chain.behind.script = () => slow.promise;
    const waiting = Array.from({ length: 50 }, (_, i) => chain.ask(i % 2 === 0 ? 'a.test.' : 'A.Test.'));
    expect(chain.behind.asked).toHaveLength(1);
    slow.resolve(replyTo(makeQuery('a.test.', 'A'), POSITIVE, 'behind'));
    const replies = await Promise.all(waiting);
    expect(new Set(replies.map(({ question }) => question))).toEqual(
      new Set(['a.test. IN A', 'A.Test. IN A']),
    );
    expect(new Set(replies.flatMap(ttlsOf))).toEqual(new Set([60]));
    expect(await chain.source()).toBe('cache');
    expect(chain.behind.asked).toHaveLength(1);
  });

  it('wait for one failure, and the next one tries again', async () => {
    const chain = new CacheChain();
    const slow = Promise.withResolvers<Outcome>();
    chain.behind.script = () => slow.promise;
    const waiting = [chain.ask('a.test.'), chain.ask('a.test.')];
    slow.resolve(new Failure(2, 'timeout', 'behind'));
    expect((await Promise.all(waiting)).map(({ rcode }) => rcode)).toEqual(['SERVFAIL', 'SERVFAIL']);
    chain.answer(POSITIVE);
    expect((await chain.ask()).rcode).toBe('NOERROR');
  });

  it('do not wait for each other where the questions differ', async () => {
    const chain = new CacheChain();
    chain.behind.script = () => new Promise(() => undefined);
    for (const type of ['A', 'AAAA', 'A']) void chain.outcome('a.test.', type);
    void chain.outcome('a.test.', 'A', { dnssecOk: true });
    void chain.outcome('a.test.', 'A', { checkingDisabled: true });
    expect(chain.behind.asked).toHaveLength(4);
  });

  it('get a truncated answer over UDP only', async () => {
    const chain = new CacheChain();
    const slow = Promise.withResolvers<Outcome>();
    chain.behind.script = () => slow.promise;
    const overUdp = chain.outcome('a.test.', 'A', { transport: 'udp' });
    const overTcp = chain.outcome('a.test.', 'A', { transport: 'tcp' });
    slow.resolve(replyTo(makeQuery('a.test.', 'A'), { ...POSITIVE, truncated: true }, 'behind'));
    expect(await overUdp).toMatchObject({ rcode: 0, truncated: true });
    expect(await overTcp).toMatchObject({ rcode: 2, reason: 'upstream gave a truncated answer only' });
    expect(chain.behind.asked).toHaveLength(1);
  });
});

const value = (chain: CacheChain, name: string, type?: string): number | undefined =>
  type === undefined
    ? chain.context.metrics.value(`coredns_cache_${name}`, 'dns://:53', 'a.test.,b.test.', '')
    : chain.context.metrics.value(`coredns_cache_${name}`, 'dns://:53', type, 'a.test.,b.test.', '');

describe('the metrics of the cache', () => {
  it('count requests, hits by type, and misses', async () => {
    const chain = new CacheChain('cache a.test b.test', POSITIVE);
    await chain.outcome('x.a.test.');
    await chain.outcome('x.a.test.');
    await chain.outcome('x.a.test.');
    chain.answer(NXDOMAIN);
    await chain.outcome('y.b.test.');
    await chain.outcome('y.b.test.');
    chain.answer({ rcode: 'REFUSED' });
    await chain.outcome('z.b.test.');
    expect(value(chain, 'requests_total')).toBe(6);
    expect(value(chain, 'hits_total', 'success')).toBe(2);
    expect(value(chain, 'hits_total', 'denial')).toBe(1);
    expect(value(chain, 'misses_total')).toBe(3);
    expect(value(chain, 'drops_total')).toBe(0);
  });

  it('are those of the server that was asked', async () => {
    const servers = [
      { index: 0, label: 'dns://127.0.0.1:53' },
      { index: 1, label: 'dns://[::1]:53' },
    ];
    const chain = new CacheChain('cache', POSITIVE, fakeContext({ servers }));
    await chain.outcome('a.test.', 'A', { server: servers[0] });
    await chain.outcome('a.test.', 'A', { server: servers[1] });
    const { metrics } = chain.context;
    expect(metrics.value('coredns_cache_misses_total', 'dns://127.0.0.1:53', '.', '')).toBe(1);
    expect(metrics.value('coredns_cache_hits_total', 'dns://[::1]:53', 'success', '.', '')).toBe(1);
    expect(metrics.value('coredns_cache_misses_total', 'dns://[::1]:53', '.', '')).toBe(0);
  });

  it('tell how many answers there are, expired ones included, while the block serves', async () => {
    const chain = new CacheChain('cache a.test b.test', POSITIVE);
    await chain.outcome('x.a.test.');
    await chain.outcome('y.a.test.');
    chain.answer(SERVFAIL);
    await chain.outcome('z.a.test.');
    chain.context.metrics.scrape();
    expect(value(chain, 'entries', 'success')).toBeUndefined();
    await chain.context.start();
    chain.context.clock.advance(1_000_000);
    chain.context.metrics.scrape();
    expect([value(chain, 'entries', 'success'), value(chain, 'entries', 'denial')]).toEqual([2, 1]);
    await chain.context.stop();
    chain.answer(POSITIVE);
    await chain.outcome('w.a.test.');
    chain.context.metrics.scrape();
    expect(value(chain, 'entries', 'success')).toBe(2);
  });

  it('count the answers that leave to make room, the least recently used first', async () => {
    const chain = new CacheChain('cache a.test b.test {\n success 1024\n denial 1024\n}', POSITIVE);
    for (let i = 0; i < 1024; i++) await chain.outcome(`h${i}.a.test.`);
    expect(value(chain, 'evictions_total', 'success')).toBe(0);
    expect(await chain.source('h0.a.test.')).toBe('cache');
    await chain.outcome('one-too-many.a.test.');
    expect(value(chain, 'evictions_total', 'success')).toBe(1);
    expect(await chain.source('h0.a.test.')).toBe('cache');
    expect(await chain.source('h1.a.test.')).toBe('behind');
    expect(value(chain, 'evictions_total', 'success')).toBe(2);
    chain.answer(NXDOMAIN);
    for (let i = 0; i < 1026; i++) await chain.outcome(`n${i}.a.test.`);
    expect(value(chain, 'evictions_total', 'denial')).toBe(2);
    expect(value(chain, 'evictions_total', 'success')).toBe(2);
  });

  it('do not count an answer that takes the place of its own older one', async () => {
    const chain = new CacheChain('cache a.test b.test {\n success 1024\n}', POSITIVE);
    for (let i = 0; i < 1024; i++) await chain.outcome(`h${i}.a.test.`);
    chain.context.clock.advance(60_000);
    await chain.outcome('h5.a.test.');
    expect(value(chain, 'evictions_total', 'success')).toBe(0);
  });
});

describe('setting up a cache', () => {
  it('has the zones of the block where the directive names none', async () => {
    const chain = new CacheChain('cache', POSITIVE, fakeContext({ zones: zonesOf('a.test.', 'b.test.') }));
    await chain.outcome('x.a.test.');
    expect(await chain.source('x.a.test.')).toBe('cache');
    const { metrics } = chain.context;
    expect(metrics.value('coredns_cache_requests_total', 'dns://:53', 'a.test.,b.test.', '')).toBe(2);
  });
});
