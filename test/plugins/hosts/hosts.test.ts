import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/chain/handler.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { FAILURE, REPLY } from '../../../src/chain/outcome.ts';
import { hosts } from '../../../src/plugins/hosts/setup.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import type { DecodedReply } from '../../support/query.ts';
import type { FakeContext } from '../../support/setup-context.ts';
import { LastHandler, cursorOf, fakeContext, zonesOf } from '../../support/setup-context.ts';

interface Chain {
  readonly handler: Handler;
  readonly context: FakeContext;
  readonly next: LastHandler;
}

const chains: Chain[] = [];
let directory: string;
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosts-'));
  file = join(directory, 'hosts');
  await writeFile(file, '192.0.2.1 a.test\n2001:db8::1 a.test v6.test\n192.0.2.9 a.example.org\n');
});

afterEach(async () => {
  await Promise.all(chains.splice(0).map(({ context }) => context.stop()));
});

afterAll(() => rm(directory, { recursive: true }));

function setUp(corefile: string, ...zones: string[]): Chain {
  const context = fakeContext({ zones: zonesOf(...(zones.length === 0 ? ['.'] : zones)) });
  const make = hosts.setup(cursorOf(corefile), context);
  if (make === undefined) throw new Error('hosts has a handler');
  const next = new LastHandler();
  const chain = { handler: make(next), context, next };
  chains.push(chain);
  return chain;
}

async function started(corefile: string, ...zones: string[]): Promise<Chain> {
  const chain = setUp(corefile, ...zones);
  await chain.context.start();
  return chain;
}

const reply = async (chain: Chain, name: string, type: string): Promise<DecodedReply> =>
  decodeOutcome(await chain.handler.ask(makeQuery(name, type)));

const answer = async (chain: Chain, name: string, type: string): Promise<string[]> =>
  (await reply(chain, name, type)).answer;

/** The handler at the end of the chain refuses; hosts fails. */
const fate = async (chain: Chain, name: string, type: string): Promise<string> => {
  const outcome: Outcome = await chain.handler.ask(makeQuery(name, type));
  if (outcome.kind === REPLY) return outcome.ttlOffsets.length === 0 ? 'nodata' : 'answer';
  if (outcome.kind !== FAILURE) return 'silence';
  return outcome.source === 'last' ? 'next' : `${outcome.source} ${outcome.rcode}`;
};

describe('hosts', () => {
  it('answers A, AAAA and PTR with authority', async () => {
    const chain = await started(`hosts ${file}`);
    expect(await reply(chain, 'A.Test', 'A')).toEqual({
      rcode: 0,
      authoritative: true,
      question: 'a.test. IN A',
      answer: ['a.test. 3600 IN A 192.0.2.1'],
      authority: [],
      additional: [],
    });
    expect(await answer(chain, 'a.test', 'AAAA')).toEqual(['a.test. 3600 IN AAAA 2001:db8::1']);
    expect(await answer(chain, '1.2.0.192.in-addr.arpa', 'PTR')).toEqual([
      '1.2.0.192.in-addr.arpa. 3600 IN PTR a.test.',
    ]);
    const reverse = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`;
    expect(await answer(chain, reverse.toUpperCase(), 'PTR')).toEqual([
      `${reverse} 3600 IN PTR a.test.`,
      `${reverse} 3600 IN PTR v6.test.`,
    ]);
  });

  it('gives the same answer again, from octets kept', async () => {
    const chain = await started(`hosts ${file}`);
    const [first, second] = [
      await chain.handler.ask(makeQuery('a.test', 'A')),
      await chain.handler.ask(makeQuery('A.TEST', 'A', { dnssecOk: true })),
    ];
    if (first.kind !== REPLY || second.kind !== REPLY) throw new Error('both are answers');
    expect(second.message).toBe(first.message);
    expect(second).not.toBe(first);
    expect(second.source).toBe('hosts');
  });

  it('answers at once when the file has been read, and waits for it before', async () => {
    const chain = setUp(`hosts ${file}`);
    const early = chain.handler.ask(makeQuery('a.test', 'A'));
    expect(early).toBeInstanceOf(Promise);
    await chain.context.start();
    expect(decodeOutcome(await early).answer).toHaveLength(1);
    expect(chain.handler.ask(makeQuery('a.test', 'A'))).not.toBeInstanceOf(Promise);
  });

  it('fails, and goes on, when the start has failed', async () => {
    const chain = setUp('hosts /dev/null/hosts');
    const early = chain.handler.ask(makeQuery('a.test', 'A'));
    await expect(chain.context.start()).rejects.toThrow();
    const [before, after] = [await early, await chain.handler.ask(makeQuery('a.test', 'A'))];
    expect(before).toMatchObject({ rcode: 2, reason: 'the hosts file could not be read' });
    expect(after).toMatchObject({ rcode: 2 });
  });

  it('puts the entries of the Corefile behind those of the file', async () => {
    const chain = await started(`hosts ${file} {\n192.0.2.2 a.test other.test # not this\n}`);
    expect(await answer(chain, 'a.test', 'A')).toEqual([
      'a.test. 3600 IN A 192.0.2.1',
      'a.test. 3600 IN A 192.0.2.2',
    ]);
    expect(await answer(chain, 'other.test', 'A')).toHaveLength(1);
    expect(chain.context.metrics.value('coredns_hosts_entries', file)).toBe(12);
  });

  describe('for a name that has other records', () => {
    it.each([
      ['v6.test', 'A'],
      ['a.test', 'TXT'],
      ['a.test', 'ANY'],
    ])('answers nothing, with authority and without an SOA: %s %s', async (name, type) => {
      const chain = await started(`hosts ${file} {\nfallthrough\n}`);
      expect(await reply(chain, name, type)).toEqual({
        rcode: 0,
        authoritative: true,
        question: `${name}. IN ${type}`,
        answer: [],
        authority: [],
        additional: [],
      });
    });

    it('passes types that no hosts file has to the next handler with fallthrough_unsupported', async () => {
      const chain = await started(`hosts ${file} {\nfallthrough a.test\nfallthrough_unsupported\n}`);
      expect(await fate(chain, 'a.test', 'TXT')).toBe('next');
      expect(await fate(chain, 'a.test', 'HTTPS')).toBe('next');
      expect(await fate(chain, 'v6.test', 'TXT')).toBe('nodata');
      expect(await fate(chain, 'v6.test', 'A')).toBe('nodata');
    });
  });

  describe('for a name that it does not have', () => {
    it('fails without fallthrough', async () => {
      const chain = await started(`hosts ${file}`);
      expect(await fate(chain, 'b.test', 'A')).toBe('hosts 2');
      expect(await fate(chain, 'b.test', 'TXT')).toBe('hosts 2');
    });

    it('falls through where it is told to', async () => {
      const chain = await started(`hosts ${file} {\nfallthrough b.test\n}`);
      expect(await fate(chain, 'x.B.test', 'A')).toBe('next');
      expect(await fate(chain, 'c.test', 'A')).toBe('hosts 2');
    });

    it('passes on what is outside its zones', async () => {
      const chain = await started(`hosts ${file} example.org`);
      expect(await fate(chain, 'a.example.org', 'A')).toBe('answer');
      expect(await fate(chain, 'b.example.org', 'A')).toBe('hosts 2');
      expect(await fate(chain, 'a.test', 'A')).toBe('next');
    });

    it('takes the zones of its server block when it names none', async () => {
      const chain = await started(`hosts ${file}`, 'example.org.');
      expect(await fate(chain, 'a.example.org', 'A')).toBe('answer');
      expect(await fate(chain, 'a.test', 'A')).toBe('next');
    });
  });

  describe('for an address', () => {
    it('answers outside its zones too', async () => {
      const chain = await started(`hosts ${file} example.org`);
      expect(await fate(chain, '9.2.0.192.in-addr.arpa', 'PTR')).toBe('answer');
    });

    it('passes one that it does not know to the next handler, without fallthrough too', async () => {
      const chain = await started(`hosts ${file}`);
      expect(await fate(chain, '7.2.0.192.in-addr.arpa', 'PTR')).toBe('next');
      expect(await fate(chain, 'a.test', 'PTR')).toBe('next');
    });

    it('has no names with no_reverse', async () => {
      const chain = await started(`hosts ${file} {\nno_reverse\n}`);
      expect(await fate(chain, '1.2.0.192.in-addr.arpa', 'PTR')).toBe('next');
    });
  });

  it('lets a wildcard stand for one label', async () => {
    const chain = await started('hosts /dev/null {\n192.0.2.3 *.w.test\n}');
    expect(await answer(chain, 'X.w.test', 'A')).toEqual(['x.w.test. 3600 IN A 192.0.2.3']);
    expect(await answer(chain, 'y.w.test', 'A')).toEqual(['y.w.test. 3600 IN A 192.0.2.3']);
    expect(await fate(chain, 'w.test', 'A')).toBe('hosts 2');
    expect(await fate(chain, 'z.y.w.test', 'A')).toBe('hosts 2');
  });

  it('has the TTL that is configured', async () => {
    const chain = await started(`hosts ${file} {\nttl 7\n}`);
    expect(await answer(chain, 'a.test', 'A')).toEqual(['a.test. 7 IN A 192.0.2.1']);
  });

  it('leaves other classes to the next handler', async () => {
    const { handler } = await started(`hosts ${file}`);
    const outcome = await handler.ask(makeQuery('a.test', 'A', { class: 'CH' }));
    expect(outcome.kind === FAILURE && outcome.source).toBe('last');
  });
});

describe('the setup of hosts', () => {
  it('opens nothing', () => {
    const { context } = setUp('hosts /nonexistent/hosts');
    expect(context.logLines).toEqual([]);
  });

  it('fails at the start, not before, when the file cannot be read', async () => {
    const { context } = setUp('hosts /dev/null/hosts');
    await expect(context.start()).rejects.toThrow("unable to access hosts file '/dev/null/hosts'");
  });

  it('warns of a line that is no entry, which CoreDNS ignores in silence', () => {
    const { context } = setUp('hosts {\n192.0.2.1 a.test\ntll 60\n192.0.2.2\n}');
    expect(context.logLines).toEqual([
      "warn Corefile:3 is ignored: 'tll 60' is no entry ADDRESS NAME...",
      "warn Corefile:4 is ignored: '192.0.2.2' is no entry ADDRESS NAME...",
    ]);
  });

  it.each([
    ['a second time', 'hosts\nhosts', 'this plugin can only be used once per Server Block'],
    [
      'an entry behind fallthrough',
      'hosts {\nfallthrough\n192.0.2.1 a.test\n}',
      "unknown property '192.0.2.1'",
    ],
    ['ttl without a number', 'hosts {\nttl\n}', 'ttl needs a time in second'],
    ['ttl with a word', 'hosts {\nttl x\n}', 'ttl needs a number of second'],
    ['a ttl of 0', 'hosts {\nttl 0\n}', 'ttl provided is invalid'],
    ['a ttl that is too long', 'hosts {\nttl 65536\n}', 'ttl provided is invalid'],
    ['reload without a time', 'hosts {\nreload\n}', 'reload needs a duration (zero seconds to disable)'],
    ['reload with two', 'hosts {\nreload 1s 2s\n}', 'reload needs a duration (zero seconds to disable)'],
    ['reload without a unit', 'hosts {\nreload 5\n}', "invalid duration for reload '5'"],
    ['a negative reload', 'hosts {\nreload -5s\n}', "invalid negative duration for reload '-5s'"],
    [
      'fallthrough_unsupported alone',
      'hosts {\nfallthrough_unsupported\n}',
      'fallthrough_unsupported requires fallthrough',
    ],
    ['a zone that is none', 'hosts /etc/hosts a..b', "unable to normalize 'a..b'"],
  ])('refuses %s', (_case, corefile, message) => {
    expect(() => setUp(corefile)).toThrow(message);
  });

  it.each(['ttl 1', 'ttl 65535', 'reload 0', 'reload 1h30m', 'no_reverse', 'fallthrough a.test b.test'])(
    'takes %s',
    (option) => {
      expect(setUp(`hosts {\n${option}\n}`).context.logLines).toEqual([]);
    },
  );
});
