import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import { Reply } from '../../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { cache } from '../../../src/plugins/cache/setup.ts';
import { loadbalance } from '../../../src/plugins/loadbalance/setup.ts';
import { MessageBuilder, rebuildMessage } from '../../../src/wire/builder.ts';
import { QR, SECTION_ADDITIONAL, SECTION_ANSWER } from '../../../src/wire/header.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { TYPE_A, TYPE_AAAA, TYPE_MX } from '../../../src/wire/registry.ts';
import { decode, makeQuery } from '../../support/query.ts';
import type { DecodedReply } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';
import type { FakeContext } from '../../support/setup-context.ts';

/** Enough that each order of a few records comes, but for one run in 10^15. */
const MANY = 400;

class Scripted implements Handler {
  readonly name = 'scripted';
  script: (query: Query) => Pending;

  constructor(script: (query: Query) => Pending) {
    this.script = script;
  }

  ask(query: Query): Pending {
    return this.script(query);
  }
}

function chain(
  script: (query: Query) => Pending,
  corefile = 'loadbalance',
  context = fakeContext(),
): Handler {
  const make = loadbalance.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('loadbalance has a handler');
  return make(new Scripted(script));
}

const at = async (handler: Handler, query: Query): Promise<Reply> => {
  const outcome = await handler.ask(query);
  if (!(outcome instanceof Reply)) throw new Error('no reply');
  return outcome.kept();
};

const answering =
  (spec: ReplySpec) =>
  (query: Query): Outcome =>
    replyTo(query, spec);

const A = (last: number): string => `@ 30 IN A 192.0.2.${last}`;
const THREE = { answers: [A(1), A(2), A(3)] };

async function manyTimes(handler: Handler, type = 'A', name = 'example.org'): Promise<DecodedReply[]> {
  const replies: DecodedReply[] = [];
  for (let i = 0; i < MANY; i++) replies.push(decode(await at(handler, makeQuery(name, type))));
  return replies;
}

const orders = (replies: readonly DecodedReply[], section: 'answer' | 'additional' = 'answer'): Set<string> =>
  new Set(replies.map((reply) => reply[section].map((line) => line.split(' ').at(-1)).join(' ')));

const later =
  (spec: ReplySpec) =>
  (query: Query): Pending =>
    Promise.resolve(replyTo(query, spec));

describe.each([
  ['given at once', answering],
  ['waited for', later],
])('answers that are %s', (_, scripted) => {
  it('come in every order', async () => {
    const found = orders(await manyTimes(chain(scripted(THREE))));
    expect([...found].toSorted()).toEqual([
      '192.0.2.1 192.0.2.2 192.0.2.3',
      '192.0.2.1 192.0.2.3 192.0.2.2',
      '192.0.2.2 192.0.2.1 192.0.2.3',
      '192.0.2.2 192.0.2.3 192.0.2.1',
      '192.0.2.3 192.0.2.1 192.0.2.2',
      '192.0.2.3 192.0.2.2 192.0.2.1',
    ]);
  });

  it('keep each TTL with its address, and everything else as it was', async () => {
    const spec = {
      answers: [`@ 10 IN A 192.0.2.10`, `@ 20 IN A 192.0.2.20`],
      authority: ['example.org. 9 IN NS ns.example.org.'],
      additional: ['ns.example.org. 7 IN A 192.0.2.7'],
      authoritative: true,
    };
    for (const reply of await manyTimes(chain(scripted(spec)))) {
      expect(reply.answer.toSorted()).toEqual([
        'example.org. 10 IN A 192.0.2.10',
        'example.org. 20 IN A 192.0.2.20',
      ]);
      expect(reply.authority).toEqual(['example.org. 9 IN NS ns.example.org.']);
      expect(reply.additional).toEqual(['ns.example.org. 7 IN A 192.0.2.7']);
      expect(reply.authoritative).toBe(true);
    }
  });

  it('never write the octets that they were given', async () => {
    const query = makeQuery('example.org', 'A');
    const given = replyTo(query, THREE);
    const before = Uint8Array.from(given.message);
    const handler = chain(() => (scripted === later ? Promise.resolve(given) : given));
    for (let i = 0; i < 20; i++) await at(handler, query);
    expect(given.message).toEqual(before);
  });
});

it('answers that are waited for together have octets of their own', async () => {
  const handler = chain(later(THREE));
  const names = ['a.test', 'b.test', 'c.test'];
  const outcomes = await Promise.all(names.map(async (name) => handler.ask(makeQuery(name, 'A'))));
  expect(outcomes.map((outcome) => outcome instanceof Reply && decode(outcome).question)).toEqual(
    names.map((name) => `${name}. IN A`),
  );
});

describe('an answer', () => {
  it.each([
    ['one address', { answers: [A(1)] }],
    ['addresses of different names', { answers: ['a.test. 1 IN A 192.0.2.1', 'b.test. 1 IN A 192.0.2.2'] }],
    ['one address of each family', { answers: [A(1), '@ 1 IN AAAA 2001:db8::1'] }],
    ['records without addresses', { answers: ['@ 1 IN TXT "a"', '@ 1 IN TXT "b"'] }],
    ['an error', { ...THREE, rcode: 'SERVFAIL' }],
  ])('with %s is passed on as it is', (_case, spec) => {
    const query = makeQuery('example.org', 'A');
    const given = replyTo(query, spec);
    expect(chain(() => given).ask(query)).toBe(given);
  });

  it('of two families keeps the families where they are', async () => {
    const replies = await manyTimes(
      chain(answering({ answers: [A(1), A(2), '@ 1 IN AAAA 2001:db8::1', '@ 1 IN AAAA 2001:db8::2'] })),
    );
    for (const { answer } of replies) {
      expect(answer.map((line) => line.split(' ')[3])).toEqual(['A', 'A', 'AAAA', 'AAAA']);
    }
    expect(orders(replies).size).toBe(4);
  });

  it('arranges additional addresses too, each name by itself', async () => {
    const replies = await manyTimes(
      chain(
        answering({
          answers: ['@ 1 IN SRV 0 0 53 a.test.', '@ 1 IN SRV 0 0 53 b.test.'],
          additional: [
            'a.test. 1 IN A 192.0.2.1',
            'a.test. 1 IN A 192.0.2.2',
            'b.test. 1 IN A 192.0.2.3',
            'b.test. 1 IN A 192.0.2.4',
          ],
        }),
      ),
      'SRV',
    );
    expect([...orders(replies, 'additional')].toSorted()).toEqual([
      '192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4',
      '192.0.2.1 192.0.2.2 192.0.2.4 192.0.2.3',
      '192.0.2.2 192.0.2.1 192.0.2.3 192.0.2.4',
      '192.0.2.2 192.0.2.1 192.0.2.4 192.0.2.3',
    ]);
    for (const { answer } of replies) expect(answer[0]).toContain('a.test.');
  });

  it('behind an alias leaves the alias in front', async () => {
    const replies = await manyTimes(
      chain(
        answering({
          answers: ['@ 5 IN CNAME www.test.', 'www.test. 1 IN A 192.0.2.1', 'www.test. 1 IN A 192.0.2.2'],
        }),
      ),
    );
    for (const { answer } of replies) expect(answer[0]).toBe('example.org. 5 IN CNAME www.test.');
    expect(orders(replies).size).toBe(2);
  });

  it('brings aliases to the front that came behind', async () => {
    const replies = await manyTimes(
      chain(
        answering({
          answers: [
            'www.test. 1 IN A 192.0.2.1',
            'www.test. 1 IN A 192.0.2.2',
            'mid.test. 2 IN CNAME www.test.',
            '@ 5 IN CNAME mid.test.',
          ],
        }),
      ),
    );
    for (const { answer } of replies) {
      expect(answer.slice(0, 2)).toEqual([
        'mid.test. 2 IN CNAME www.test.',
        'example.org. 5 IN CNAME mid.test.',
      ]);
    }
    expect(orders(replies).size).toBe(2);
  });

  it('of mail exchangers comes in any order, its compressed names whole', async () => {
    const replies = await manyTimes(
      chain((query) => {
        const name = new Uint8Array(query.nameAsAsked);
        const builder = new MessageBuilder(QR).question(name, TYPE_MX, 1);
        for (const label of ['a', 'bb', 'ccc']) {
          const rdata = Buffer.concat([Uint8Array.of(0, 10), nameFromText(`${label}.mx.example.org`)]);
          builder.record(SECTION_ANSWER, name, TYPE_MX, 1, 30, rdata);
        }
        for (const label of ['a', 'bb', 'ccc']) {
          const owner = nameFromText(`${label}.mx.example.org`);
          builder.record(SECTION_ADDITIONAL, owner, TYPE_A, 1, 30, Uint8Array.of(192, 0, 2, label.length));
        }
        // Names within the RDATA of records that move, and pointers into them from others.
        const written = new Reply(builder.finish(), 'test');
        return withCompressedNames(written);
      }),
      'MX',
    );
    expect(orders(replies).size).toBe(6);
    for (const { answer, additional } of replies) {
      expect(answer.toSorted()).toEqual([
        'example.org. 30 IN MX 10 a.mx.example.org.',
        'example.org. 30 IN MX 10 bb.mx.example.org.',
        'example.org. 30 IN MX 10 ccc.mx.example.org.',
      ]);
      expect(additional).toEqual([
        'a.mx.example.org. 30 IN A 192.0.2.1',
        'bb.mx.example.org. 30 IN A 192.0.2.2',
        'ccc.mx.example.org. 30 IN A 192.0.2.3',
      ]);
    }
  });

  it('whose owner is written out once and pointed to afterwards is one RRset', async () => {
    const handler = chain((query) => {
      const builder = new MessageBuilder(QR).question(new Uint8Array(query.nameAsAsked), TYPE_AAAA, 1);
      const owner = nameFromText('Elsewhere.test');
      for (const last of [1, 2]) {
        const address = new Uint8Array(16).fill(last);
        builder.record(SECTION_ANSWER, owner, TYPE_AAAA, 1, 30, address);
      }
      return new Reply(builder.finish(), 'test');
    });
    expect(orders(await manyTimes(handler, 'AAAA')).size).toBe(2);
  });
});

/** Laid out as servers do: names in RDATA are compressed in records that are copied. */
const withCompressedNames = (reply: Reply): Reply =>
  new Reply(rebuildMessage(reply.message, reply.length), 'test');

/** The cache behind loadbalance, and one answer in it. */
async function cached(context: FakeContext): Promise<Handler> {
  const make = cache.setup(cursorOf('cache 30'), context);
  const balance = loadbalance.setup(cursorOf('loadbalance'), context);
  if (make === undefined || balance === undefined) throw new Error('both have handlers');
  const behind = new Scripted(answering(THREE));
  await context.start();
  const handler = balance(make(behind));
  await at(handler, makeQuery('example.org', 'A', { receivedMs: context.clock.nowMs() }));
  behind.script = (): Pending => new LastHandler().ask();
  return handler;
}

describe('answers from the cache', () => {
  it('come in every order, older by the second', async () => {
    const context = fakeContext();
    const handler = await cached(context);
    context.clock.advance(10_000);
    const seen = new Set<string>();
    for (let i = 0; i < MANY; i++) {
      const outcome = handler.ask(makeQuery('example.org', 'A', { receivedMs: context.clock.nowMs() }));
      if (!(outcome instanceof Reply)) throw new Error('a hit is given at once');
      expect(outcome.ageSeconds).toBe(10);
      expect(outcome.source).toBe('cache');
      seen.add(decode(outcome.kept()).answer.join());
    }
    expect(seen.size).toBe(6);
  });

  it('are one object, and a copy for who keeps it', async () => {
    const context = fakeContext();
    const handler = await cached(context);
    const query = makeQuery('example.org', 'A', { receivedMs: context.clock.nowMs() });
    const first = handler.ask(query);
    if (!(first instanceof Reply)) throw new Error('a hit is given at once');
    const kept = first.kept();
    const asKept = decode(kept);
    expect(handler.ask(query)).toBe(first);
    for (let i = 0; i < 20; i++) void handler.ask(query);
    expect(decode(kept)).toEqual(asKept);
    expect(kept.length).toBe(kept.message.length);
  });
});

describe('prefer', () => {
  it('brings the addresses of its networks to the front, in the order of the networks', async () => {
    const spec = { answers: [A(1), '@ 30 IN A 10.1.0.1', A(2), '@ 30 IN A 10.2.0.1', '@ 30 IN A 10.1.0.2'] };
    const replies = await manyTimes(
      chain(answering(spec), 'loadbalance round_robin {\n prefer 10.2.0.0/16 10.1.0.0/16\n}'),
    );
    for (const { answer } of replies) {
      const networks = answer.map((line) => line.split(' ').at(-1)?.split('.').slice(0, 2).join('.'));
      expect(networks).toEqual(['10.2', '10.1', '10.1', '192.0', '192.0']);
    }
    expect(orders(replies).size).toBe(4);
  });

  it('knows IPv6 networks, and keeps each TTL with its address', async () => {
    const spec = { answers: ['@ 1 IN AAAA 2001:db8::1', '@ 2 IN AAAA fd00::1'] };
    const replies = await manyTimes(chain(answering(spec), 'loadbalance {\n prefer fd00::/8\n}'), 'AAAA');
    for (const { answer } of replies) {
      expect(answer).toEqual(['example.org. 2 IN AAAA fd00::1', 'example.org. 1 IN AAAA 2001:db8::1']);
    }
  });
});

const setUp = (corefile: string): unknown => loadbalance.setup(cursorOf(corefile), fakeContext());

describe('the directive', () => {
  it.each([
    'loadbalance',
    'loadbalance round_robin',
    'loadbalance {\n}',
    'loadbalance {\n prefer 10.0.0.0/8\n prefer fd00::/8 192.0.2.0/24\n}',
    'loadbalance weighted weights.txt',
    'loadbalance weighted weights.txt {\n reload 0\n}',
    'loadbalance weighted weights.txt {\n reload 1m\n prefer 10.0.0.0/8\n}',
  ])('may be: %s', (corefile) => {
    expect(setUp(corefile)).toBeTypeOf('function');
  });

  it.each([
    ['loadbalance random', 'unknown policy: random'],
    ['loadbalance round_robin x', 'Corefile:1 - Error during parsing: unknown property for round_robin'],
    ['loadbalance weighted', 'Corefile:1 - Error during parsing: missing weight file argument'],
    ['loadbalance weighted a b', 'Corefile:1 - Error during parsing: unexpected argument(s)'],
    [
      'loadbalance {\n prefer 10.0.0.0/33\n}',
      'Corefile:2 - Error during parsing: invalid CIDR "10.0.0.0/33": invalid CIDR address: 10.0.0.0/33',
    ],
    ['loadbalance {\n x\n}', "Corefile:2 - Error during parsing: unknown property 'x'"],
    ['loadbalance {\n reload 5s\n}', "Corefile:2 - Error during parsing: unknown property 'reload'"],
    [
      'loadbalance weighted f {\n reload\n}',
      'Corefile:2 - Error during parsing: reload duration value is missing',
    ],
    ['loadbalance weighted f {\n reload 1s 2s\n}', 'Corefile:2 - Error during parsing: unexpected argument'],
    [
      'loadbalance weighted f {\n reload x\n}',
      "Corefile:2 - Error during parsing: invalid reload duration 'x'",
    ],
    [
      'loadbalance weighted f {\n reload -1s\n}',
      "Corefile:2 - Error during parsing: invalid reload duration '-1s'",
    ],
  ])('is refused: %s', (corefile, message) => {
    expect(() => setUp(corefile)).toThrow(message);
  });
});
