/** Names that no stale answer is given for: they get what the upstream says now, whatever that is. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/chain/outcome.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { replyTo } from '../../support/reply-to.ts';
import { CacheChain, SOA } from './cache-chain.ts';

const POSITIVE: ReplySpec = { answers: ['@ 60 IN A 192.0.2.1'] };
const NXDOMAIN: ReplySpec = { rcode: 'NXDOMAIN', authority: [SOA(60, 60)] };
const TIMEOUT = new Failure(2, 'i/o timeout', 'forward', { code: 22, text: 'upstream: timeout' });

const corefile = (mode: string, more = ''): string =>
  `cache {\n serve_stale 1h ${mode}\n serve_stale_except db.test one.prod.test\n ${more}\n}`;

/** A cache whose answers to these names have expired. */
async function expired(text: string, names: readonly string[], spec = POSITIVE): Promise<CacheChain> {
  const chain = new CacheChain(text, spec);
  for (const name of names) await chain.outcome(name);
  chain.context.clock.advance(60_000);
  chain.behind.asked.length = 0;
  return chain;
}

describe.each(['immediate', 'verify'])('serve_stale_except, with %s', (mode) => {
  it.each([
    { name: 'db.test.', isStale: false },
    { name: 'DB.Test.', isStale: false },
    { name: 'a.b.db.test.', isStale: false },
    { name: 'one.prod.test.', isStale: false },
    { name: 'notdb.test.', isStale: true },
    { name: 'two.prod.test.', isStale: true },
    { name: 'test.', isStale: true },
  ])('$name has a stale answer: $isStale', async ({ name, isStale }) => {
    const chain = await expired(corefile(mode), [name]);
    chain.behind.script = () => TIMEOUT;
    expect((await chain.ask(name)).rcode).toBe(isStale ? 'NOERROR' : 'SERVFAIL');
    expect(chain.behind.asked).toHaveLength(1);
  });

  it('is for denials too', async () => {
    const chain = await expired(corefile(mode), ['db.test.'], NXDOMAIN);
    chain.behind.script = () => TIMEOUT;
    expect((await chain.ask('db.test.')).rcode).toBe('SERVFAIL');
  });

  it('has a client wait for the upstream as if nothing had been known', async () => {
    const chain = await expired(corefile(mode), ['db.test.']);
    const { promise, resolve } = Promise.withResolvers<Failure>();
    chain.behind.script = () => promise;
    const waiting = chain.ask('db.test.');
    resolve(TIMEOUT);
    expect((await waiting).rcode).toBe('SERVFAIL');
    expect(chain.context.metrics.value('coredns_cache_served_stale_total', 'dns://:53', '.', '')).toBe(0);
  });

  it('wins over serve_stale_policy prefer_positive', async () => {
    const chain = await expired(corefile(mode, 'serve_stale_policy prefer_positive'), [
      'db.test.',
      'a.test.',
    ]);
    chain.behind.script = (query) => replyTo(query, NXDOMAIN, 'behind');
    for (let i = 0; i < 2; i++) {
      expect((await chain.ask('a.test.')).rcode).toBe('NOERROR');
      expect((await chain.ask('db.test.')).rcode).toBe('NXDOMAIN');
    }
  });

  it('is forgotten with the answers when a reload takes it away', async () => {
    const chain = new CacheChain(corefile(mode), POSITIVE);
    await chain.outcome('db.test.');
    const next = new CacheChain(`cache {\n serve_stale 1h ${mode}\n}`, POSITIVE, chain.context);
    await next.outcome('db.test.');
    expect(next.behind.asked).toHaveLength(1);
    chain.context.clock.advance(60_000);
    next.behind.script = () => TIMEOUT;
    expect((await next.ask('db.test.')).rcode).toBe('NOERROR');
  });
});
