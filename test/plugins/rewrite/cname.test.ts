/** Aliases that are led somewhere else. */
import { describe, expect, it } from 'vitest';
import { nameToText } from '../../../src/wire/name.ts';
import { SERVFAIL } from '../../../src/wire/registry.ts';
import { makeQuery } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import { fakeContext } from '../../support/setup-context.ts';
import { RewriteChain } from './rewrite-chain.ts';

describe('cname', () => {
  const ANSWER = {
    answers: [
      '@ 30 IN CNAME m.test.',
      'm.test. 40 IN CNAME old.cdn.test.',
      'old.cdn.test. 50 IN A 192.0.2.1',
    ],
    authority: ['test. 60 IN NS ns.test.'],
  };

  /** A chain whose look-ups are answered by `spec`. */
  function following(rule: string, spec = {}): { chain: RewriteChain; lookups: string[] } {
    const lookups: string[] = [];
    const context = fakeContext({
      resolve: (client, { name, type }) => {
        const asked = makeQuery('x.test.', 'A');
        lookups.push(`${nameToText(name)} ${type} for ${client.nameText}`);
        return Promise.resolve(replyTo(asked, spec));
      },
    });
    return { chain: new RewriteChain(`rewrite cname ${rule}`, ANSWER, { context }), lookups };
  }

  const NEW = { answers: ['new.net. 10 IN A 192.0.2.9'] };
  it.each([
    ['exact', 'old.cdn.test new.net'],
    ['exact, said', 'exact OLD.cdn.test. NEW.net.'],
    ['prefix', 'prefix old.cdn.test. new.net.'],
    ['suffix', 'suffix old.cdn.test new.net'],
    ['substring', 'substring old.cdn.test. new.net.'],
    ['regex', 'regex old\\.cdn\\.(test|net) new.net'],
  ])('follows an alias to where it points now: %s', async (_, rule) => {
    const { chain, lookups } = following(rule, NEW);
    expect(await chain.answer('a.test.')).toMatchObject({
      question: 'a.test. IN A',
      answer: ['a.test. 30 IN CNAME m.test.', 'm.test. 40 IN CNAME new.net.', 'new.net. 10 IN A 192.0.2.9'],
      authority: [],
    });
    expect(lookups).toEqual(['new.net. 1 for a.test.']);
  });

  it('leaves answers alone whose aliases no rule is about', async () => {
    const { chain, lookups } = following('other.test new.net');
    expect((await chain.answer('a.test.')).answer).toEqual([
      'a.test. 30 IN CNAME m.test.',
      ...ANSWER.answers.slice(1),
    ]);
    expect(lookups).toEqual([]);
  });

  it('says what was found of the new target, also that there is nothing', async () => {
    const authority = ['net. 60 IN SOA ns.net. root.net. 1 2 3 4 5'];
    const { chain } = following('old.cdn.test new.net', { rcode: 'NXDOMAIN', authority });
    expect(await chain.answer('a.test.')).toMatchObject({
      rcode: 'NXDOMAIN',
      answer: ['a.test. 30 IN CNAME m.test.', 'm.test. 40 IN CNAME new.net.'],
      authority,
    });
  });

  it('fails where the new target cannot be looked up', async () => {
    const chain = new RewriteChain('rewrite cname old.cdn.test new.net', ANSWER);
    expect(await chain.handler.ask(chain.query('a.test.', 'A'))).toMatchObject({
      rcode: SERVFAIL,
      reason: 'the test resolves nothing',
    });
  });

  it('does not follow for who asks for the alias itself', async () => {
    const { chain, lookups } = following('old.cdn.test new.net');
    expect((await chain.answer('a.test.', 'CNAME')).answer).toEqual([
      'a.test. 30 IN CNAME m.test.',
      'm.test. 40 IN CNAME new.net.',
    ]);
    expect(lookups).toEqual([]);
  });

  it('goes together with another name and other TTLs', async () => {
    const { context } = following('x y', NEW).chain;
    const chain = new RewriteChain(
      'rewrite continue name a.test b.test\nrewrite continue cname old.cdn.test new.net\nrewrite ttl b.test 5',
      ANSWER,
      { context },
    );
    expect((await chain.answer('a.test.')).answer).toEqual([
      'a.test. 5 IN CNAME m.test.',
      'm.test. 5 IN CNAME new.net.',
      'new.net. 5 IN A 192.0.2.9',
    ]);
  });

  it('follows an alias that a cache lent', async () => {
    const { context } = following('x y', NEW).chain;
    const chain = new RewriteChain('rewrite cname old.cdn.test new.net', ANSWER, { context, cached: true });
    await chain.answer('a.test.');
    context.clock.advance(10_000);
    const first = chain.answer('a.test.');
    void chain.answer('a.test.', 'AAAA');
    expect((await first).answer).toEqual([
      'a.test. 20 IN CNAME m.test.',
      'm.test. 30 IN CNAME new.net.',
      'new.net. 10 IN A 192.0.2.9',
    ]);
  });
});
