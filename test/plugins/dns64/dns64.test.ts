import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { Failure, Reply, SILENCE } from '../../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { dns64 } from '../../../src/plugins/dns64/setup.ts';
import type { Question } from '../../../src/wire/ask-message.ts';
import { ipNetworkFromText } from '../../../src/base/ip-network.ts';
import { ipToText } from '../../../src/base/ip-address.ts';
import { embed } from '../../../src/plugins/dns64/prefix.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { SERVFAIL, TYPE_A } from '../../../src/wire/registry.ts';
import { decode, decodeOutcome, makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

const V6 = { clientAddress: '2001:db8::53' };
const SOA = '@ 300 IN SOA ns. mail. 1 2 3 4 5';

interface Scene {
  readonly context: FakeContext;
  readonly handler: Handler;
  /** Questions that were asked of the whole server, as `name type`. */
  readonly asked: string[];
}

/** @param about what AAAA gets from the next handler, and A from the server */
function scene(
  about: { readonly aaaa: ReplySpec | Pending; readonly a: ReplySpec | Outcome },
  corefile = 'dns64',
): Scene {
  const asked: string[] = [];
  const context = fakeContext({
    resolve: (_query: Query, question: Question) => {
      asked.push(`${nameToText(question.name)} ${question.type}`);
      if (question.type !== TYPE_A) throw new Error('only A is asked for');
      if ('kind' in about.a) return Promise.resolve(about.a);
      const inner = makeQuery(nameToText(question.name), 'A');
      return Promise.resolve(replyTo(inner, about.a, 'forward'));
    },
  });
  const make = dns64.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('dns64 has a handler');
  const handler = make({
    name: 'next',
    ask: (query) => {
      const { aaaa } = about;
      if (aaaa instanceof Promise || 'kind' in aaaa) return aaaa;
      return replyTo(query, aaaa);
    },
  });
  return { context, handler, asked };
}

const ask = async (
  { handler }: Scene,
  overrides: QueryOverrides = V6,
  name = 'Example.org',
): Promise<Outcome> => handler.ask(makeQuery(name, 'AAAA', overrides));

const ONE_A = { answers: ['@ 60 IN A 192.0.2.1'] };

describe('a question for AAAA over IPv6', () => {
  it('without an answer is answered from A records', async () => {
    const set = scene({ aaaa: { authority: [SOA] }, a: ONE_A });
    const reply = decodeOutcome(await ask(set));
    expect(reply).toMatchObject({
      rcode: 0,
      question: 'Example.org. IN AAAA',
      answer: ['Example.org. 60 IN AAAA 64:ff9b::c000:201'],
      authority: [],
    });
    expect(set.asked).toEqual(['Example.org. 1']);
    expect(set.context.metrics.value('coredns_dns64_requests_translated_total', '')).toBe(1);
  });

  it('that was waited for is answered from A records', async () => {
    const query = makeQuery('Example.org', 'AAAA', V6);
    const set = scene({ aaaa: Promise.resolve(replyTo(query, {})), a: ONE_A });
    expect(decodeOutcome(await set.handler.ask(query)).answer).toEqual([
      'Example.org. 60 IN AAAA 64:ff9b::c000:201',
    ]);
  });

  it.each([
    ['the SOA', [SOA], 4000, 300],
    ['600 s without an SOA', [], 4000, 600],
    ['the A record', [SOA], 20, 20],
  ])('gets the smaller TTL: that of %s', async (_case, authority, ttl, told) => {
    const set = scene({ aaaa: { authority }, a: { answers: [`@ ${ttl} IN A 192.0.2.1`] } });
    expect(decodeOutcome(await ask(set)).answer[0].split(' ')[1]).toBe(String(told));
  });

  it('counts down what came from a cache', async () => {
    const query = makeQuery('example.org', 'AAAA', V6);
    const denial = replyTo(query, { authority: [SOA] });
    denial.ageSeconds = 290;
    const old = replyTo(makeQuery('example.org', 'A'), {
      answers: ['@ 60 IN A 192.0.2.1', '@ 60 IN TXT "x"'],
    });
    old.ageSeconds = 55;
    const reply = decodeOutcome(await scene({ aaaa: denial, a: old }).handler.ask(query));
    expect(reply.answer.map((line) => line.split(' ')[1])).toEqual(['5', '5']);
    old.ageSeconds = 10;
    const later = decodeOutcome(await scene({ aaaa: denial, a: old }).handler.ask(query));
    expect(later.answer.map((line) => line.split(' ')[1])).toEqual(['10', '50']);
  });

  it('keeps every other record of the answer for A', async () => {
    const set = scene({
      aaaa: {},
      a: {
        answers: ['@ 60 IN CNAME www.test.', 'www.test. 50 IN A 192.0.2.1', 'www.test. 50 IN A 192.0.2.2'],
        authority: ['test. 40 IN NS ns.test.'],
        additional: ['ns.test. 30 IN A 192.0.2.53'],
      },
    });
    expect(decodeOutcome(await ask(set))).toMatchObject({
      answer: [
        'Example.org. 60 IN CNAME www.test.',
        'www.test. 50 IN AAAA 64:ff9b::c000:201',
        'www.test. 50 IN AAAA 64:ff9b::c000:202',
      ],
      authority: ['test. 40 IN NS ns.test.'],
      additional: ['ns.test. 30 IN A 192.0.2.53'],
    });
  });

  it('with an answer gets that', async () => {
    const set = scene({ aaaa: { answers: ['@ 60 IN AAAA 2001:db8::1'] }, a: ONE_A });
    expect(decodeOutcome(await ask(set)).answer).toEqual(['Example.org. 60 IN AAAA 2001:db8::1']);
    expect(set.asked).toEqual([]);
  });

  it('with an answer gets a translated one where everything is translated', async () => {
    const aaaa = { answers: ['@ 60 IN AAAA 2001:db8::1'] };
    const set = scene({ aaaa, a: ONE_A }, 'dns64 {\n translate_all\n}');
    expect(decodeOutcome(await ask(set)).answer).toEqual(['Example.org. 60 IN AAAA 64:ff9b::c000:201']);
  });

  it('for a name that does not exist gets just that', async () => {
    const set = scene(
      { aaaa: { rcode: 'NXDOMAIN', authority: [SOA] }, a: ONE_A },
      'dns64 {\n translate_all\n}',
    );
    expect(decodeOutcome(await ask(set))).toMatchObject({ rcode: 3, answer: [] });
    expect(set.asked).toEqual([]);
  });

  it('that an upstream fails at is answered from A records', async () => {
    const set = scene({ aaaa: { rcode: 'SERVFAIL' }, a: ONE_A });
    expect(decodeOutcome(await ask(set))).toMatchObject({ rcode: 0, answer: [expect.any(String)] });
  });

  it.each([
    ['a failure', new Failure(SERVFAIL, 'no upstream', 'forward')],
    ['silence', SILENCE],
  ])('gets %s as it is', async (_case, outcome) => {
    const set = scene({ aaaa: outcome, a: ONE_A });
    expect(await ask(set)).toBe(outcome);
    expect(set.asked).toEqual([]);
  });

  it('gets the failure of the question for A', async () => {
    const failure = new Failure(SERVFAIL, 'no upstream', 'forward');
    const set = scene({ aaaa: {}, a: failure });
    expect(await ask(set)).toBe(failure);
    expect(set.context.metrics.value('coredns_dns64_requests_translated_total', '')).toBeUndefined();
  });

  it('gets the rcode of the answer for A, and its denial', async () => {
    const set = scene({ aaaa: {}, a: { rcode: 'NXDOMAIN', authority: [SOA] } });
    expect(decodeOutcome(await ask(set))).toMatchObject({
      rcode: 3,
      answer: [],
      authority: [expect.any(String)],
    });
  });

  it('is told when the answer for A was cut', async () => {
    const outcome = await ask(scene({ aaaa: {}, a: { ...ONE_A, truncated: true } }));
    expect(outcome instanceof Reply && outcome.truncated).toBe(true);
  });

  it('has nothing authentic or authoritative about it', async () => {
    const set = scene({ aaaa: {}, a: { ...ONE_A, authenticData: true, authoritative: true } });
    const outcome = await ask(set);
    if (!(outcome instanceof Reply)) throw new Error('no reply');
    expect([outcome.authenticData, outcome.authoritative, outcome.source]).toEqual([false, false, 'dns64']);
    expect(decode(outcome).answer).toHaveLength(1);
  });
});

describe('left alone are', () => {
  it.each<[string, QueryOverrides, string]>([
    ['clients over IPv4', {}, 'AAAA'],
    ['other types', V6, 'A'],
    ['other classes', { ...V6, class: 'CH' }, 'AAAA'],
    [
      'clients that check signatures by themselves',
      { ...V6, dnssecOk: true, checkingDisabled: true },
      'AAAA',
    ],
  ])('%s', async (_case, overrides, type) => {
    const set = scene({ aaaa: {}, a: ONE_A });
    await set.handler.ask(makeQuery('example.org', type, overrides));
    expect(set.asked).toEqual([]);
  });

  it('but not clients over IPv4 where they are allowed', async () => {
    const set = scene({ aaaa: {}, a: ONE_A }, 'dns64 {\n allow_ipv4\n}');
    await ask(set, {});
    expect(set.asked).toHaveLength(1);
  });
});

describe('a prefix', () => {
  // The table of RFC 6052 section 2.4.
  it.each([
    ['2001:db8::/32', '2001:db8:c000:221::'],
    ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
    ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
    ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
    ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0'],
    ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
  ])('%s makes %s of 192.0.2.33', (prefix, address) => {
    const octets = embed(ipNetworkFromText(prefix), Uint8Array.of(9, 192, 0, 2, 33), 1);
    expect(ipToText(octets)).toBe(address);
  });

  it.each(['dns64 2001:db8::/64', 'dns64 {\n prefix 2001:db8::/64\n}'])('%j is used', async (corefile) => {
    const set = scene({ aaaa: {}, a: ONE_A }, corefile);
    expect(decodeOutcome(await ask(set)).answer[0]).toContain('2001:db8::c0:2:100:0');
  });

  it.each([
    ['dns64 10.0.0.0/8', 'Corefile:1 - Error during parsing: invalid netmask 32 IPv6 address: "10.0.0.0/8"'],
    ['dns64 64:ff9b::/104', 'Corefile:1 - Error during parsing: invalid prefix length "64:ff9b::/104"'],
    ['dns64 64:ff9b::/24', 'invalid prefix length "64:ff00::/24"'],
    ['dns64 64:ff9b::/95', 'invalid prefix length "64:ff9b::/95"'],
    ['dns64 64:ff9b::', 'invalid CIDR address: 64:ff9b::'],
    ['dns64 64:ff9b::/96 x', "Wrong argument count or unexpected line ending after 'x'"],
    [
      'dns64 {\n prefix\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'prefix'",
    ],
    ['dns64 {\n upstream\n}', "Corefile:2 - Error during parsing: unknown property 'upstream'"],
  ])('%j is refused', (corefile, message) => {
    expect(() => dns64.setup(cursorOf(corefile), fakeContext())).toThrow(message);
  });
});
