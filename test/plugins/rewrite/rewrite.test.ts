import { describe, expect, it } from 'vitest';
import { Failure, REPLY, SILENCE } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import type { Query } from '../../../src/chain/query.ts';
import { settle } from '../../../src/chain/settle.ts';
import { SERVFAIL } from '../../../src/wire/registry.ts';
import { replyTo } from '../../support/reply-to.ts';
import { fakeContext } from '../../support/setup-context.ts';
import { RewriteChain, sent } from './rewrite-chain.ts';

const ADDRESS = { answers: ['@ 30 IN A 192.0.2.1'] };

const rulesWith = (mode: string): string =>
  `rewrite name x.test y.test\nrewrite ${mode} name a.test b.test\nrewrite name b.test c.test\nrewrite type A AAAA`;

describe('which question is asked behind it', () => {
  it.each([
    ['an exact name', 'name a.test b.test', 'a.test.', 'b.test. IN A'],
    ['an exact name, whatever the case', 'name exact A.test B.test', 'a.TEST.', 'b.test. IN A'],
    ['not a name below an exact one', 'name exact a.test b.test', 'x.a.test.', 'x.a.test. IN A'],
    ['the first labels', 'name prefix one.two three', 'one.two.test.', 'three.test. IN A'],
    ['not letters in front', 'name prefix on three', 'one.test.', 'one.test. IN A'],
    ['the last labels', 'name suffix .a.test .b.example', 'x.y.a.test.', 'x.y.b.example. IN A'],
    ['not the zone itself with a dot in front', 'name suffix .a.test .b.test', 'a.test.', 'a.test. IN A'],
    ['letters at the end', 'name suffix a.test b.test', 'xa.test.', 'xb.test. IN A'],
    ['every occurrence', 'name substring a b', 'a.x.a.test.', 'b.x.b.test. IN A'],
    ['what substring does not find', 'name substring a. b.', 'c.test.', 'c.test. IN A'],
    [
      'by groups',
      'name regex (.*)-(us)\\.a\\.test {1}.service.{2}.b',
      'ftp-us.a.test.',
      'ftp.service.us.b. IN A',
    ],
    ['by the whole match', 'name regex (.*) {0}b', 'c.test.', 'c.test.b. IN A'],
    ['by a group that ends with the final dot', 'name regex ^a(.*) b{1}', 'a.test.', 'b.test. IN A'],
    ['a group that took no part', 'name regex (x)?a\\.test b{1}.test', 'a.test.', 'b.test. IN A'],
    [
      'a number without a group as it stands',
      'name regex (a)\\.test b{7}.test',
      'a.test.',
      'b{7}.test. IN A',
    ],
    ['a pattern anywhere in the name', 'name regex core dns.test', 'x.core.y.', 'dns.test. IN A'],
    ['a type', 'type A AAAA', 'a.test.', 'a.test. IN AAAA'],
    ['not another type', 'type MX AAAA', 'a.test.', 'a.test. IN A'],
    ['a class', 'class IN CH', 'a.test.', 'a.test. CH A'],
    ['not another class', 'class HS CH', 'a.test.', 'a.test. IN A'],
  ])('%s', async (_, rule, name, asked) => {
    const chain = new RewriteChain(`rewrite ${rule}`, ADDRESS);
    const [plain, ...labels] = asked.split(' ');
    const { question } = await chain.answer(name);
    expect(chain.asked).toEqual([[plain, ...labels].join(' ')]);
    expect(question).toBe(`${name} IN A`);
  });

  it('escapes what would be more than a character of a name', async () => {
    const chain = new RewriteChain('rewrite name suffix .a.test .b.test', ADDRESS);
    await chain.answer('x\\.y\\032\\255.a.test.');
    expect(chain.asked).toEqual(['x\\.y\\ \\255.b.test. IN A']);
  });

  it('stops at the first rule that applies, unless it says continue', async () => {
    const [stopping, going] = [new RewriteChain(rulesWith('stop')), new RewriteChain(rulesWith('continue'))];
    await stopping.answer('a.test.');
    await going.answer('a.test.');
    expect(stopping.asked).toEqual(['b.test. IN A']);
    expect(going.asked).toEqual(['c.test. IN A']);
  });

  it('is the same query to a handler that no rule is about', () => {
    const chain = new RewriteChain('rewrite name a.test b.test');
    const query = chain.query('c.test.', 'A');
    const seen: Query[] = [];
    chain.script = (asked) => {
      seen.push(asked);
      return SILENCE;
    };
    expect(chain.handler.ask(query)).toBe(SILENCE);
    expect(seen).toEqual([query]);
    expect(seen[0]).toBe(query);
  });

  it('is asked with everything else that the client said', () => {
    const context = fakeContext();
    const chain = new RewriteChain('rewrite name a.test b.example', {}, { context });
    let seen: Query | undefined;
    chain.script = (query) => {
      seen = query;
      return replyTo(query, ADDRESS);
    };
    const client = chain.query('a.test.', 'A', {
      dnssecOk: true,
      checkingDisabled: true,
      clientAddress: '2001:db8::7',
      clientPort: 4711,
      zone: context.zones[0],
      depth: 2,
      receivedMs: 12,
    });
    expect(chain.handler.ask(client)).toMatchObject({ kind: REPLY });
    for (const field of [
      'id',
      'flags',
      'type',
      'class',
      'hasOpt',
      'udpSize',
      'dnssecOk',
      'transport',
      'clientAddress',
      'clientIsIpv6',
      'clientPort',
      'localAddress',
      'localPort',
      'receivedMs',
      'replyLimit',
      'server',
      'zone',
      'depth',
    ] as const) {
      expect(seen?.[field], field).toBe(client[field]);
    }
    expect(seen?.key).toBe(chain.query('b.example.', 'A', { dnssecOk: true, checkingDisabled: true }).key);
  });

  it('is a failure where a rule makes a name that is none', async () => {
    const chain = new RewriteChain('rewrite name regex ^(.*)test\\.$ {1}{1}{1}{1}{1}test.', ADDRESS);
    const outcome = await chain.handler.ask(chain.query(`${'a'.repeat(60)}.test.`, 'A'));
    expect(outcome).toMatchObject({ rcode: SERVFAIL, source: 'rewrite' });
    expect((outcome as Failure).reason).toMatch(/^invalid name after rewrite: a{60}\./);
    expect(chain.asked).toEqual([]);
  });
});

/** A chain whose one question is answered when `land` is called. */
function waiting(corefile: string): { chain: RewriteChain; land: (make: (query: Query) => Outcome) => void } {
  const chain = new RewriteChain(corefile);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let asked: Query | undefined;
  chain.script = (query) => {
    asked = query;
    return promise;
  };
  return {
    chain,
    land: (make) => {
      if (asked === undefined) throw new Error('nobody has asked');
      resolve(make(asked));
    },
  };
}

describe('who waits', () => {
  it('gets the answer under its own question, whatever became of the octets that asked it', async () => {
    const { chain, land } = waiting('rewrite name a.test much.longer.example');
    const answer = chain.answer('A.Test.', 'A', { id: 77 });
    land((query) => replyTo(query, ADDRESS));
    expect(await answer).toMatchObject({
      id: 77,
      question: 'A.Test. IN A',
      answer: ['A.Test. 30 IN A 192.0.2.1'],
    });
  });

  it('waits for one promise, on which the handlers in front put their steps', async () => {
    const { chain, land } = waiting('rewrite name a.test b.test');
    const query = chain.query('a.test.', 'A');
    const pending = chain.handler.ask(query);
    expect(query.waiting?.promise).toBe(pending);
    const seen: string[] = [];
    const settled = settle(
      pending,
      (_self, asked, outcome) => {
        seen.push(asked.nameText);
        return outcome;
      },
      undefined,
      query,
    );
    expect(settled).toBe(pending);
    land((asked) => replyTo(asked, ADDRESS));
    await settled;
    expect(seen).toEqual(['a.test.']);
    expect(query.waiting).toBeUndefined();
  });

  it('hears of a bug behind it', async () => {
    const chain = new RewriteChain('rewrite name a.test b.test');
    chain.script = () => Promise.reject(new Error('a bug'));
    await expect(chain.handler.ask(chain.query('a.test.', 'A'))).rejects.toThrow('a bug');
  });

  it('is not mixed up with others who wait at the same time', async () => {
    const chain = new RewriteChain('rewrite name suffix .a.test .b.example answer auto');
    const lands: (() => void)[] = [];
    chain.script = (query) =>
      new Promise((resolve) => {
        lands.push(() => resolve(replyTo(query, ADDRESS)));
      });
    const names = Array.from({ length: 300 }, (_, i) => `n${i}.a.test.`);
    for (let round = 0; round < 2; round++) {
      const answers = names.map((name) => chain.answer(name));
      for (const land of lands.splice(0).toReversed()) land();
      expect((await Promise.all(answers)).map(({ answer }) => answer[0])).toEqual(
        names.map((name) => `${name} 30 IN A 192.0.2.1`),
      );
    }
  });
});

const expected = (name: string): string[] => [
  `${name} 30 IN CNAME x.${name.toLowerCase()}`,
  `x.${name} 30 IN A 192.0.2.1`,
];

describe('in front of a cache', () => {
  it('shares what is kept between names that lead to the same, and never changes it', async () => {
    const chain = new RewriteChain(
      'rewrite name a.test c.test\nrewrite name long.b.test c.test',
      RECORDS_OF_C,
      {
        cached: true,
      },
    );
    for (let round = 0; round < 3; round++) {
      expect((await chain.answer('a.test.')).answer).toEqual(expected('a.test.'));
      expect((await chain.answer('LONG.b.test.')).answer).toEqual(expected('LONG.b.test.'));
      expect((await chain.answer('c.test.')).answer).toEqual(expected('c.test.'));
    }
    expect(chain.asked).toEqual(['c.test. IN A']);
  });

  it('gives a reply that holds while other hits are given', async () => {
    const chain = new RewriteChain('rewrite ttl a.test 7\nrewrite name b.test a.test', ADDRESS, {
      cached: true,
    });
    await chain.answer('a.test.');
    const [first, second] = [chain.query('a.test.', 'A'), chain.query('b.test.', 'A')];
    const [kept, other] = [chain.handler.ask(first) as Outcome, chain.handler.ask(second) as Outcome];
    await chain.answer('completely.different.example.');
    await chain.answer('completely.different.example.');
    expect(sent(first, kept).answer).toEqual(['a.test. 7 IN A 192.0.2.1']);
    expect(sent(second, other).answer).toEqual(['b.test. 30 IN A 192.0.2.1']);
    expect(kept.kind === REPLY && kept.kept()).toBe(kept);
  });

  it('lets those who ask different names share one exchange', async () => {
    const chain = new RewriteChain(
      'rewrite name a.test c.test\nrewrite name b.test c.test',
      {},
      { cached: true },
    );
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    chain.script = () => promise;
    const answers = ['a.test.', 'b.test.', 'c.test.'].map((name) => chain.answer(name));
    resolve(replyTo(chain.query('c.test.', 'A'), ADDRESS));
    expect((await Promise.all(answers)).map(({ answer }) => answer[0])).toEqual([
      'a.test. 30 IN A 192.0.2.1',
      'b.test. 30 IN A 192.0.2.1',
      'c.test. 30 IN A 192.0.2.1',
    ]);
    expect(chain.asked).toEqual(['c.test. IN A']);
  });
});

const RECORDS_OF_C = { answers: ['@ 30 IN CNAME x.c.test.', 'x.c.test. 30 IN A 192.0.2.1'] };
