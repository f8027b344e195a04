/** What clients get of a failure that is remembered, and what stays untouched by it (RFC 9520). */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/chain/outcome.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { CacheChain, SOA } from './cache-chain.ts';

const POSITIVE: ReplySpec = { answers: ['@ 60 IN A 192.0.2.1'] };
const SERVFAIL: ReplySpec = { rcode: 'SERVFAIL' };
const TIMEOUT = new Failure(2, 'read udp: i/o timeout', 'forward', { code: 22, text: 'upstream: timeout' });
const UNREACHABLE = new Failure(2, 'connection refused', 'forward', { code: 23, text: 'upstream: refused' });

/** Milliseconds between one attempt and the next, when somebody asks ten times a second. */
async function pauses(chain: CacheChain, seconds: number): Promise<number[]> {
  const attempts: number[] = [];
  for (let ms = 0; ms < seconds * 1000; ms += 100) {
    const before = chain.behind.asked.length;
    await chain.outcome();
    if (chain.behind.asked.length > before) attempts.push(ms);
    chain.context.clock.advance(100);
  }
  return attempts.slice(1).map((ms, i) => ms - attempts[i]);
}

describe('a question that cannot be resolved', () => {
  it('goes upstream once for each step, when nobody answers', async () => {
    const chain = new CacheChain();
    chain.behind.script = () => TIMEOUT;
    expect(await pauses(chain, 100)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('goes upstream once for each step, when the answer is SERVFAIL', async () => {
    expect(await pauses(new CacheChain('cache', SERVFAIL), 100)).toEqual([
      5000, 10_000, 20_000, 30_000, 30_000,
    ]);
  });

  it('stays away for what servfail says, where that is longer than the longest step', async () => {
    const chain = new CacheChain('cache {\n servfail 1m\n}', SERVFAIL);
    expect(await pauses(chain, 200)).toEqual([60_000, 60_000, 60_000]);
  });

  it('stays away for a second at least', async () => {
    const chain = new CacheChain('cache {\n servfail 10ms\n}', SERVFAIL);
    expect((await pauses(chain, 2))[0]).toBe(1000);
  });

  it.each([
    { what: 'timeout', failure: TIMEOUT, extendedError: { code: 22, text: 'upstream: timeout' } },
    { what: 'network error', failure: UNREACHABLE, extendedError: { code: 23, text: 'upstream: refused' } },
  ])('is answered with the reason: $what', async ({ failure, extendedError }) => {
    const chain = new CacheChain();
    chain.behind.script = () => failure;
    expect(await chain.outcome()).toBe(failure);
    expect(await chain.outcome('A.TEST.')).toMatchObject({
      source: 'cache',
      rcode: 2,
      extendedError,
      ttlCount: 0,
    });
    expect(await chain.ask('A.Test.')).toMatchObject({
      rcode: 'SERVFAIL',
      question: 'A.Test. IN A',
      answer: [],
    });
    expect(chain.behind.asked).toHaveLength(1);
  });

  it('is told from others by type, DO and CD', async () => {
    const chain = new CacheChain();
    chain.behind.script = () => TIMEOUT;
    await chain.outcome();
    await chain.outcome('a.test.', 'AAAA');
    await chain.outcome('a.test.', 'A', { dnssecOk: true });
    await chain.outcome('a.test.', 'A', { checkingDisabled: true });
    expect(chain.behind.asked).toHaveLength(4);
  });

  it.each([
    { what: 'an answer', reply: { answers: ['@ 5 IN A 192.0.2.1'] } },
    { what: 'a denial', reply: { rcode: 'NXDOMAIN', authority: [SOA(5, 5)] } },
    { what: 'a denial that is not kept', reply: { rcode: 'NXDOMAIN' } },
  ])('begins anew after $what', async ({ reply }) => {
    const chain = new CacheChain();
    chain.behind.script = () => TIMEOUT;
    await pauses(chain, 8);
    chain.context.clock.advance(8_000);
    chain.answer(reply);
    await chain.outcome();
    chain.context.clock.advance(5_000);
    chain.behind.script = () => TIMEOUT;
    expect((await pauses(chain, 2))[0]).toBe(1000);
  });

  it.each([
    {
      what: 'this server is overloaded',
      failure: new Failure(2, 'too many', 'forward', { code: 0, text: '' }),
    },
    { what: 'a plugin has no answer', failure: new Failure(2, 'no such host', 'hosts') },
    {
      what: 'too many are under way',
      failure: new Failure(5, 'too many', 'forward', { code: 23, text: '' }),
    },
  ])('is asked again at once where that says nothing of the upstream: $what', async ({ failure }) => {
    const chain = new CacheChain();
    chain.behind.script = () => failure;
    await chain.outcome();
    await chain.outcome();
    expect(chain.behind.asked).toHaveLength(2);
  });

  it('is not remembered when the configuration has come to its end', async () => {
    const chain = new CacheChain();
    chain.behind.script = () => TIMEOUT;
    await chain.context.stop();
    await chain.outcome();
    await chain.outcome();
    expect(chain.behind.asked).toHaveLength(2);
  });

  it('is counted as a hit of the denials', async () => {
    const chain = new CacheChain();
    chain.behind.script = () => TIMEOUT;
    await chain.outcome();
    await chain.outcome();
    const { metrics } = chain.context;
    expect(metrics.value('coredns_cache_hits_total', 'dns://:53', 'denial', '.', '')).toBe(1);
    expect(metrics.value('coredns_cache_misses_total', 'dns://:53', '.', '')).toBe(1);
  });
});

it('failures without end take no answer away', async () => {
  const chain = new CacheChain('cache {\n success 1024\n denial 1024\n}', POSITIVE);
  for (let i = 0; i < 512; i++) await chain.outcome(`h${i}.test.`);
  chain.answer({ rcode: 'NXDOMAIN', authority: [SOA(60, 60)] });
  for (let i = 0; i < 512; i++) await chain.outcome(`n${i}.test.`);
  chain.behind.script = (query) => (query.nameLength % 2 === 0 ? TIMEOUT : replyTo(query, SERVFAIL));
  for (let i = 0; i < 10_000; i++) await chain.outcome(`f${i}.test.`);
  for (let i = 0; i < 512; i++) {
    expect(await chain.source(`h${i}.test.`)).toBe('cache');
    expect(await chain.source(`n${i}.test.`)).toBe('cache');
  }
});
