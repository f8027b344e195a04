import { describe, expect, it } from 'vitest';
import { local } from '../../../src/plugins/local/setup.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import type { DecodedReply, QueryOverrides } from '../../support/query.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';

const COUNTER = 'coredns_local_localhost_requests_total';

function setUp(text = 'local') {
  const context = fakeContext();
  const next = new LastHandler();
  const handler = local.setup(cursorOf(text), context)!(next);
  const ask = async (
    name: string,
    type: string,
    overrides: QueryOverrides = {},
  ): Promise<DecodedReply | undefined> => {
    const outcome = await handler.ask(makeQuery(name, type, overrides));
    return outcome === next.outcome ? undefined : decodeOutcome(outcome);
  };
  return { ask, counted: () => context.metrics.value(COUNTER) };
}

const soa = (owner: string): string => `${owner} 604800 IN SOA localhost. root.localhost. 1 0 0 0 604800`;

describe('local answers', () => {
  it.each([
    ['localhost.', 'A', '604800 IN A 127.0.0.1', 0],
    ['LocalHost.', 'AAAA', '604800 IN AAAA ::1', 0],
    ['localhost.', 'NS', '604800 IN NS localhost.', 0],
    ['x.y.localhost.', 'A', '604800 IN A 127.0.0.1', 1],
    ['x.localhost.', 'AAAA', '604800 IN AAAA ::1', 1],
    ['Localhost.example.org.', 'A', '604800 IN A 127.0.0.1', 1],
    ['localhost.example.org.', 'AAAA', '604800 IN AAAA ::1', 1],
    ['1.0.0.127.in-addr.arpa.', 'PTR', '604800 IN PTR localhost.', 0],
    ['127.in-addr.arpa.', 'NS', '604800 IN NS localhost.', 0],
    ['0.in-addr.arpa.', 'SOA', soa('').trim(), 0],
  ])('%s %s', async (name, type, record, counted) => {
    const chain = setUp();
    expect(await chain.ask(name, type)).toEqual({
      rcode: 0,
      authoritative: false,
      question: `${name} IN ${type}`,
      answer: [`${name} ${record}`],
      authority: [],
      additional: [],
    });
    expect(chain.counted()).toBe(counted);
  });

  it.each([
    ['localhost.', 'MX', 0, 'localhost.'],
    ['x.localhost.', 'SOA', 0, 'x.localhost.'],
    ['localhost.example.org.', 'TXT', 0, 'localhost.example.org.'],
    ['255.in-addr.arpa.', 'A', 0, '255.in-addr.arpa.'],
    ['1.0.0.127.in-addr.arpa.', 'A', 0, '127.in-addr.arpa.'],
    ['2.0.0.127.in-addr.arpa.', 'PTR', 3, '127.in-addr.arpa.'],
    ['x.0.in-addr.arpa.', 'A', 3, '0.in-addr.arpa.'],
  ])('nothing for %s %s: rcode %i, with the SOA of %s', async (name, type, rcode, origin) => {
    expect(await setUp().ask(name, type)).toMatchObject({ rcode, answer: [], authority: [soa(origin)] });
  });
});

describe('local leaves to the next plugin', () => {
  it.each([
    ['another name', 'example.org.', 'A', {}],
    ['a label that begins like it', 'localhosts.example.org.', 'A', {}],
    ['a label in the middle', 'x.localhost.example.org.', 'A', {}],
    ['another reverse zone', '1.0.0.10.in-addr.arpa.', 'PTR', {}],
    ['the root', '.', 'NS', {}],
    ['another class', 'localhost.', 'A', { class: 'CH' }],
  ])('%s', async (_, name, type, overrides) => {
    const chain = setUp();
    expect(await chain.ask(name, type, overrides)).toBeUndefined();
    expect(chain.counted()).toBe(0);
  });

  it('names with localhost in front where that is off, but those below localhost. all the same', async () => {
    const { ask } = setUp('local {\n localhost_prefix off\n}');
    expect(await ask('localhost.example.org.', 'A')).toBeUndefined();
    expect((await ask('localhost.localhost.', 'A'))?.answer).toHaveLength(1);
  });
});

describe('the directive', () => {
  it('is accepted with localhost_prefix on', async () => {
    const { ask } = setUp('local {\n localhost_prefix on\n}');
    expect((await ask('localhost.example.org.', 'A'))?.answer).toHaveLength(1);
  });

  it.each([
    [
      'an argument',
      'local x',
      "1 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    ],
    ['an unknown property', 'local {\n x\n}', "2 - Error during parsing: unknown property 'x'"],
    [
      'localhost_prefix alone',
      'local {\n localhost_prefix\n}',
      "2 - Error during parsing: Wrong argument count or unexpected line ending after 'localhost_prefix'",
    ],
    [
      'localhost_prefix with another word',
      'local {\n localhost_prefix maybe\n}',
      `2 - Error during parsing: localhost_prefix expects 'on' or 'off', got "maybe"`,
    ],
  ])('is refused with %s', (_, text, message) => {
    expect(() => setUp(text)).toThrow(`Corefile:${message}`);
  });
});
