/** What is kept, for how long, and with which TTLs. */
import { describe, expect, it } from 'vitest';
import { Failure, SILENCE } from '../../../src/chain/outcome.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { CacheChain, SOA, ttlsOf } from './cache-chain.ts';

const A = (ttl: number, last = 1): string => `@ ${ttl} IN A 192.0.2.${last}`;

interface LifeRow {
  readonly what: string;
  readonly corefile?: string;
  readonly reply: ReplySpec;
  readonly seconds: number;
  /** TTLs that the first client is told already. */
  readonly ttls: readonly number[];
}

const ANSWERS: readonly LifeRow[] = [
  { what: 'its TTL', reply: { answers: [A(60)] }, seconds: 60, ttls: [60] },
  { what: 'the minimum, if its TTL is less', reply: { answers: [A(2)] }, seconds: 5, ttls: [5] },
  { what: 'the minimum, even for TTL 0', reply: { answers: [A(0)] }, seconds: 5, ttls: [5] },
  { what: 'an hour at most', reply: { answers: [A(7200)] }, seconds: 3600, ttls: [3600] },
  { what: "the block's maximum", corefile: 'cache 30', reply: { answers: [A(60)] }, seconds: 30, ttls: [30] },
  {
    what: 'the maximum of its store',
    corefile: 'cache 30 {\n success 2000 90\n}',
    reply: { answers: [A(100)] },
    seconds: 90,
    ttls: [90],
  },
  {
    what: 'the minimum of its store',
    corefile: 'cache {\n success 2000 90 20\n}',
    reply: { answers: [A(1)] },
    seconds: 20,
    ttls: [20],
  },
  {
    what: 'its own TTL below 5, if the minimum says so',
    corefile: 'cache {\n success 2000 90 0\n}',
    reply: { answers: [A(2)] },
    seconds: 2,
    ttls: [2],
  },
  {
    what: 'the maximum, where it contradicts the minimum',
    corefile: 'cache {\n success 2000 10 20\n}',
    reply: { answers: [A(15)] },
    seconds: 10,
    ttls: [10],
  },
  {
    what: 'a week, whatever the maximum and the top bit say',
    corefile: 'cache 99999999',
    reply: { answers: [A(0x8000_0001)] },
    seconds: 604_800,
    ttls: [604_800],
  },
  {
    what: 'the shortest TTL of its records, each of which keeps its own',
    reply: {
      answers: [A(300)],
      authority: ['test. 900 IN NS ns.test.'],
      additional: ['ns.test. 40 IN A 192.0.2.9'],
    },
    seconds: 40,
    ttls: [300, 900, 40],
  },
  {
    what: 'the shortest TTL of an RRset, which all its records get',
    reply: { answers: [A(300, 1), A(60, 2), A(200, 3)], authority: ['test. 900 IN NS ns.test.'] },
    seconds: 60,
    ttls: [60, 60, 60, 900],
  },
  {
    what: 'the TTL of the shortest link of an alias chain',
    reply: { answers: ['@ 20 IN CNAME b.test.', 'b.test. 300 IN A 192.0.2.1'] },
    seconds: 20,
    ttls: [20, 300],
  },
  {
    what: '5 s, as a referral',
    reply: { authority: ['sub.test. 900 IN NS ns.sub.test.'] },
    seconds: 5,
    ttls: [900],
  },
  {
    what: 'the maximum of a store that is below 5 s, as a referral',
    corefile: 'cache 3',
    reply: { authority: ['sub.test. 900 IN NS ns.sub.test.'] },
    seconds: 3,
    ttls: [3],
  },
];

const DENIALS: readonly LifeRow[] = [
  {
    what: 'the TTL of its SOA',
    reply: { rcode: 'NXDOMAIN', authority: [SOA(60, 900)] },
    seconds: 60,
    ttls: [60],
  },
  {
    what: 'the MINIMUM of its SOA, if that is less',
    reply: { rcode: 'NXDOMAIN', authority: [SOA(900, 60)] },
    seconds: 60,
    ttls: [60],
  },
  {
    what: 'half an hour at most',
    reply: { rcode: 'NXDOMAIN', authority: [SOA(7200, 7200)] },
    seconds: 1800,
    ttls: [1800],
  },
  {
    what: 'the maximum of its store',
    corefile: 'cache {\n success 2000 300\n denial 2000 10\n}',
    reply: { rcode: 'NXDOMAIN', authority: [SOA(60, 60)] },
    seconds: 10,
    ttls: [10],
  },
  { what: 'the minimum', reply: { rcode: 'NXDOMAIN', authority: [SOA(60, 0)] }, seconds: 5, ttls: [5] },
  {
    what: 'its own time below 5 s, if the minimum says so',
    corefile: 'cache {\n denial 2000 60 1\n}',
    reply: { rcode: 'NXDOMAIN', authority: [SOA(60, 2)] },
    seconds: 2,
    ttls: [2],
  },
  { what: 'as long without a type', reply: { authority: [SOA(60, 30)] }, seconds: 30, ttls: [30] },
  {
    what: 'its SOA or the alias before it, whichever is shorter',
    reply: { rcode: 'NXDOMAIN', answers: ['@ 15 IN CNAME gone.test.'], authority: [SOA(60, 60)] },
    seconds: 15,
    ttls: [15, 60],
  },
  {
    what: 'as long behind an alias without the type',
    reply: { answers: ['@ 100 IN CNAME b.test.'], authority: [SOA(60, 30)] },
    seconds: 30,
    ttls: [100, 30],
  },
];

const FAILURES: readonly LifeRow[] = [
  { what: '5 s', reply: { rcode: 'SERVFAIL' }, seconds: 5, ttls: [] },
  { what: '5 s, as NOTIMP', reply: { rcode: 'NOTIMP' }, seconds: 5, ttls: [] },
  {
    what: 'what servfail says',
    corefile: 'cache {\n servfail 20s\n}',
    reply: { rcode: 'SERVFAIL' },
    seconds: 20,
    ttls: [],
  },
  {
    what: 'what servfail says, to the millisecond',
    corefile: 'cache {\n servfail 1500ms\n}',
    reply: { rcode: 'SERVFAIL' },
    seconds: 1.5,
    ttls: [],
  },
];

describe.each([
  { kind: 'an answer', rows: ANSWERS },
  { kind: 'a denial', rows: DENIALS },
  { kind: 'a failure', rows: FAILURES },
])('$kind is kept for', ({ rows }) => {
  it.each(rows)('$what', async ({ corefile, reply, seconds, ttls }) => {
    expect(ttlsOf(await new CacheChain(corefile, reply).ask())).toEqual(ttls);
    expect(await new CacheChain(corefile, reply).livesFor(seconds)).toBe(true);
  });
});

describe('nothing is kept of', () => {
  it.each<{ what: string; corefile?: string; reply: ReplySpec; type?: string }>([
    { what: 'a truncated answer', reply: { answers: [A(60)], truncated: true } },
    { what: 'a truncated denial', reply: { rcode: 'NXDOMAIN', authority: [SOA(60, 60)], truncated: true } },
    { what: 'REFUSED', reply: { rcode: 'REFUSED' } },
    { what: 'FORMERR', reply: { rcode: 'FORMERR' } },
    { what: 'YXDOMAIN', reply: { rcode: 'YXDOMAIN', answers: [A(60)] } },
    { what: 'NXDOMAIN without SOA', reply: { rcode: 'NXDOMAIN' } },
    {
      what: 'NXDOMAIN with an SOA in the wrong place',
      reply: { rcode: 'NXDOMAIN', additional: [SOA(60, 60)] },
    },
    { what: 'an empty answer without SOA', reply: {} },
    { what: 'an alias that leads nowhere', reply: { answers: ['@ 60 IN CNAME b.test.'] } },
    { what: 'an answer of another type', reply: { answers: ['@ 60 IN TXT text'] } },
    { what: 'a zone transfer', type: 'AXFR', reply: { answers: [SOA(60, 60)] } },
    { what: 'an answer with another opcode', reply: { answers: [A(60)], opcode: 4 } },
    {
      what: 'TTL 0, where no minimum raises it',
      corefile: 'cache {\n success 2000 60 0\n}',
      reply: { answers: [A(0)] },
    },
    {
      what: 'one record of TTL 0 among others',
      corefile: 'cache {\n success 2000 60 0\n}',
      reply: { answers: [A(60)], additional: ['ns.test. 0 IN A 192.0.2.9'] },
    },
    {
      what: 'a failure, where servfail is 0',
      corefile: 'cache {\n servfail 0\n}',
      reply: { rcode: 'SERVFAIL' },
    },
    {
      what: 'answers, where they are disabled',
      corefile: 'cache {\n disable success\n}',
      reply: { answers: [A(60)] },
    },
    {
      what: 'denials, where they are disabled',
      corefile: 'cache {\n disable denial\n}',
      reply: { rcode: 'NXDOMAIN', authority: [SOA(60, 60)] },
    },
    {
      what: 'failures, where denials are disabled',
      corefile: 'cache {\n disable denial\n}',
      reply: { rcode: 'SERVFAIL' },
    },
  ])('$what', async ({ corefile, reply, type }) => {
    const chain = new CacheChain(corefile, reply);
    expect(await chain.source('a.test.', type)).toBe('behind');
    expect(await chain.source('a.test.', type)).toBe('behind');
    expect(chain.behind.asked).toHaveLength(2);
  });

  it.each([16, 18, 19, 23])('an extended rcode, whose low bits look like another one: %i', async (rcode) => {
    const chain = new CacheChain();
    chain.behind.script = (query) =>
      Object.assign(replyTo(query, { answers: [A(60)], authority: [SOA(60, 60)] }, 'behind'), { rcode });
    await chain.outcome();
    expect(await chain.source()).toBe('behind');
  });

  it.each([
    { what: 'a failure that is no message', outcome: new Failure(2, 'no', 'behind') },
    { what: 'silence', outcome: SILENCE },
  ])('$what', async ({ outcome }) => {
    const chain = new CacheChain();
    chain.behind.script = () => outcome;
    expect(await chain.outcome()).toBe(outcome);
    expect(await chain.outcome()).toBe(outcome);
    expect(chain.behind.asked).toHaveLength(2);
  });

  it.each<{ what: string; reply: ReplySpec }>([
    { what: 'name', reply: { name: 'b.test.', answers: [A(60)] } },
    { what: 'type', reply: { type: 'AAAA', answers: ['@ 60 IN AAAA 2001:db8::1'] } },
    { what: 'class', reply: { class: 'CH', answers: [A(60)] } },
    { what: 'number of questions', reply: { questionCount: 0 } },
  ])('an answer to another question, which is counted: another $what', async ({ reply }) => {
    const chain = new CacheChain('cache', reply);
    await chain.outcome();
    expect(await chain.source()).toBe('behind');
    expect(chain.context.metrics.value('coredns_cache_drops_total', 'dns://:53', '.', '')).toBe(2);
  });
});

describe('zones', () => {
  it('that are not cached are passed by, and not counted', async () => {
    const chain = new CacheChain('cache cached.test', { answers: [A(60)] });
    await chain.outcome('a.cached.test.');
    expect(await chain.source('a.cached.test.')).toBe('cache');
    await chain.outcome('a.test.');
    expect(await chain.source('a.test.')).toBe('behind');
    expect(await chain.source('xcached.test.')).toBe('behind');
    expect(chain.context.metrics.value('coredns_cache_requests_total', 'dns://:53', 'cached.test.', '')).toBe(
      2,
    );
  });

  it('that are disabled are not kept, and others are', async () => {
    const chain = new CacheChain('cache {\n disable success no.test\n disable denial never.test\n}', {
      answers: [A(600)],
    });
    for (const name of ['a.no.test.', 'a.never.test.', 'a.test.']) await chain.outcome(name);
    expect(await chain.source('a.no.test.')).toBe('behind');
    expect(await chain.source('a.never.test.')).toBe('cache');
    expect(await chain.source('a.test.')).toBe('cache');
  });

  it('that are disabled get the TTLs of the cache all the same', async () => {
    const chain = new CacheChain('cache 30 {\n disable success\n}', { answers: [A(600)] });
    expect(ttlsOf(await chain.ask())).toEqual([30]);
  });
});
