import { describe, expect, it, vi } from 'vitest';
import { Failure, Reply, SILENCE } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { MessageBuilder } from '../../../src/wire/builder.ts';
import { QR, SECTION_ANSWER, SECTION_AUTHORITY, TC } from '../../../src/wire/header.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { parseRecordText } from '../../../src/wire/record-text.ts';
import { NOERROR, REFUSED, SERVFAIL, TYPE_A } from '../../../src/wire/registry.ts';
import { fakeContext, zonesOf } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import { setUp } from './set-up-template.ts';

const alias =
  'template IN ANY a.test {\n answer "{{ .Name }} 60 IN CNAME b.test" "{{ .Name }} 60 IN TXT x"\n authority "a.test 60 IN NS ns.test"\n}';

/** What `b.test` leads to: an alias, an address, and a record that is not of the answer. */
const reply = (flags = 0): Reply => {
  const builder = new MessageBuilder(QR | flags).question(nameFromText('b.test'), TYPE_A, 1);
  for (const [section, text] of [
    [SECTION_ANSWER, 'b.test. 30 IN CNAME c.test.'],
    [SECTION_ANSWER, 'c.test. 20 IN A 192.0.2.7'],
    [SECTION_AUTHORITY, 'test. 10 IN NS ns.test.'],
  ] as const) {
    const { owner, type, class: klass, ttlSeconds, rdata } = parseRecordText(text);
    builder.record(section, owner, type, klass, ttlSeconds, rdata);
  }
  return new Reply(builder.finish(), 'cache');
};

/** What is appended to the alias, given that this is what it leads to. */
const completedWith = async (outcome: Reply): Promise<string[]> => {
  const { answer } = setUp(alias, fakeContext({ resolve: () => Promise.resolve(outcome) }));
  return (await answer('x.a.test', 'A')).answer.slice(1, 3);
};

describe('an alias in the answer', () => {
  it.each(['A', 'AAAA'])('is completed for %s with the answer of the whole server', async (type) => {
    const resolve = vi.fn<FakeContext['resolve']>(() => Promise.resolve(reply()));
    const { answer } = setUp(alias, fakeContext({ resolve }));
    expect(await answer('x.a.test', type)).toMatchObject({
      answer: [
        'x.a.test. 60 IN CNAME b.test.',
        'b.test. 30 IN CNAME c.test.',
        'c.test. 20 IN A 192.0.2.7',
        'x.a.test. 60 IN TXT "x"',
      ],
      authority: ['a.test. 60 IN NS ns.test.'],
      authoritative: true,
    });
    const [, question] = resolve.mock.calls[0];
    expect(question).toEqual({ name: nameFromText('b.test'), type: makeQuery('a', type).type, class: 1 });
  });

  it('is completed by a plugin that was made before the context had a way to resolve', async () => {
    const { answer, context } = setUp(alias);
    context.resolve = () => Promise.resolve(reply());
    expect((await answer('x.a.test', 'A')).answer).toHaveLength(4);
  });

  it('brings TTLs as a client would see them, and leaves the octets of others alone', async () => {
    const aged = reply();
    aged.ageSeconds = 25;
    const stale = reply();
    stale.fixedTtlSeconds = 5;
    const before = Buffer.from(aged.message).toString('hex');
    expect(await completedWith(aged)).toEqual(['b.test. 5 IN CNAME c.test.', 'c.test. 0 IN A 192.0.2.7']);
    expect(await completedWith(stale)).toEqual(['b.test. 5 IN CNAME c.test.', 'c.test. 5 IN A 192.0.2.7']);
    expect(Buffer.from(aged.message).toString('hex')).toBe(before);
  });

  it.each([
    ['failed', new Failure(SERVFAIL, 'x', 'forward')],
    ['was refused', new Failure(REFUSED, 'x', 'serve')],
    ['was silent', SILENCE],
  ])('stays alone when the lookup %s', async (_, outcome) => {
    const { answer } = setUp(alias, fakeContext({ resolve: () => Promise.resolve(outcome) }));
    expect(await answer('x.a.test', 'A')).toMatchObject({
      rcode: NOERROR,
      answer: ['x.a.test. 60 IN CNAME b.test.', 'x.a.test. 60 IN TXT "x"'],
    });
  });

  it('passes on that the lookup was cut', async () => {
    const { ask } = setUp(alias, fakeContext({ resolve: () => Promise.resolve(reply(TC)) }));
    expect((await ask('x.a.test', 'A')) as Reply).toMatchObject({ truncated: true });
  });

  it.each([
    ['other types', alias, 'x.a.test', 'MX'],
    ['an alias outside the answer', 'template IN A . {\n additional "a. CNAME b."\n}', 'a.test', 'A'],
  ])('is not looked up for %s', async (_, text, name, type) => {
    const resolve = vi.fn<FakeContext['resolve']>();
    const { answer } = setUp(text, fakeContext({ resolve }));
    await answer(name, type);
    expect(resolve).not.toHaveBeenCalled();
  });

  it('is completed although the octets of the query are gone by then', async () => {
    const lookup = Promise.withResolvers<Outcome>();
    const { handler } = setUp(alias, fakeContext({ resolve: () => lookup.promise, zones: zonesOf('.') }));
    const query = makeQuery('x.a.test', 'A');
    const octets = query.message;
    const pending = handler.ask(query);
    query.detach();
    octets.fill(0xff);
    lookup.resolve(reply());
    expect(decodeOutcome(await pending)).toMatchObject({ question: 'x.a.test. IN A' });
  });
});
