/** Names in answers: whose they are for the client. */
import { describe, expect, it } from 'vitest';
import { Failure, Reply, SILENCE } from '../../../src/chain/outcome.ts';
import { SERVFAIL } from '../../../src/wire/registry.ts';
import { replyTo } from '../../support/reply-to.ts';
import { RewriteChain } from './rewrite-chain.ts';

const ADDRESS = { answers: ['@ 30 IN A 192.0.2.1'] };

const RECORDS = {
  answers: ['b.test. 30 IN CNAME x.b.test.', 'x.b.test. 40 IN A 192.0.2.1', 'other.test. 50 IN A 192.0.2.2'],
  authority: ['b.test. 60 IN NS ns.b.test.'],
  additional: ['ns.b.test. 70 IN A 192.0.2.3'],
};

describe('what the client sees of the answer', () => {
  it('is its own name in place of the one that was asked for, in owners and in values', async () => {
    const reply = await new RewriteChain('rewrite name long.a.test b.test', RECORDS).answer('Long.A.test.');
    expect(reply).toMatchObject({
      question: 'Long.A.test. IN A',
      answer: [
        'Long.A.test. 30 IN CNAME x.long.a.test.',
        'x.Long.A.test. 40 IN A 192.0.2.1',
        'other.test. 50 IN A 192.0.2.2',
      ],
      authority: ['Long.A.test. 60 IN NS ns.long.a.test.'],
      additional: ['ns.Long.A.test. 70 IN A 192.0.2.3'],
    });
  });

  it.each([
    ['SRV', '1 2 53 b.test.', '1 2 53 a.test.'],
    ['MX', '10 b.test.', '10 a.test.'],
    ['CNAME', 'b.test.', 'a.test.'],
    ['NS', 'b.test.', 'a.test.'],
    ['DNAME', 'b.test.', 'a.test.'],
    ['NAPTR', '1 2 u s x b.test.', '1 2 "u" "s" "x" a.test.'],
    ['SOA', 'b.test. b.test. 1 2 3 4 5', 'a.test. b.test. 1 2 3 4 5'],
    ['PTR', 'x.b.test.', 'x.a.test.'],
    ['RP', 'b.test. b.test.', 'b.test. b.test.'],
    ['TXT', 'b.test.', '"b.test."'],
  ])('is the value of %s', async (type, asked, told) => {
    const chain = new RewriteChain('rewrite name a.test b.test', { answers: [`@ 30 IN ${type} ${asked}`] });
    expect((await chain.answer('a.test.', type)).answer).toEqual([`a.test. 30 IN ${type} ${told}`]);
  });

  const SUFFIX = 'rewrite name suffix .a.test .b.test';
  const PREFIX = 'rewrite name prefix x x.b';
  it.each([
    ['the name behind, unless told otherwise', SUFFIX, 'x.b.test.', 'y.b.test.', 'x.b.test.', 'y.b.test.'],
    ['each suffix put back', `${SUFFIX} answer auto`, 'x.b.test.', 'y.b.test.', 'x.a.test.', 'y.a.test.'],
    [
      'its name put back',
      `${PREFIX} answer auto`,
      'x.b.a.test.',
      'y.x.b.a.test.',
      'x.a.test.',
      'y.x.a.test.',
    ],
    [
      'its name put back',
      'rewrite name substring a. b. answer auto',
      'x.b.test.',
      'b.test.',
      'x.a.test.',
      'b.test.',
    ],
    ['its name put back', 'rewrite name regex x.a z answer auto', 'z.', 'y.z.', 'x.a.test.', 'y.x.a.test.'],
    [
      'owners by a pattern',
      `${SUFFIX} answer name (.*)b(.*) {1}c{2}`,
      'x.b.test.',
      'y.b.test.',
      'x.c.test.',
      'y.b.test.',
    ],
    [
      'values by a pattern',
      `${SUFFIX} answer value (.*)b(.*) {1}c{2}`,
      'x.b.test.',
      'y.b.test.',
      'x.b.test.',
      'y.c.test.',
    ],
    [
      'both by patterns',
      `rewrite stop {\n name suffix .a.test .b.test\n answer name (.*)b\\.test {1}c.test\n answer value y(.*) z{1}\n}`,
      'x.b.test.',
      'y.b.test.',
      'x.c.test.',
      'z.b.test.',
    ],
    [
      'what no pattern matches',
      `${SUFFIX} answer name (no) {1}`,
      'x.b.test.',
      'y.b.test.',
      'x.b.test.',
      'y.b.test.',
    ],
  ])('has %s: %s', async (_, rule, owner, value, toldOwner, toldValue) => {
    const chain = new RewriteChain(rule, { answers: [`${owner} 30 IN CNAME ${value}`] });
    expect((await chain.answer('x.a.test.')).answer).toEqual([`${toldOwner} 30 IN CNAME ${toldValue}`]);
  });

  it('has addresses under the name behind, unless told otherwise', async () => {
    const chain = new RewriteChain('rewrite name suffix .a.test .b.test', ADDRESS);
    expect((await chain.answer('x.a.test.')).answer).toEqual(['x.b.test. 30 IN A 192.0.2.1']);
  });

  it('is undone rule by rule, the last one first', async () => {
    const chain = new RewriteChain(
      'rewrite continue name a.test b.test\nrewrite continue name suffix .test .example answer auto\nrewrite name b.example c.example',
      { answers: ['c.example. 30 IN A 192.0.2.1', 'x.example. 30 IN A 192.0.2.2'] },
    );
    expect((await chain.answer('a.test.')).answer).toEqual([
      'a.test. 30 IN A 192.0.2.1',
      'x.test. 30 IN A 192.0.2.2',
    ]);
    expect(chain.asked).toEqual(['c.example. IN A']);
  });

  it('has the names of an upstream that writes them in other letters', async () => {
    const chain = new RewriteChain('rewrite name a.test b.test', {
      answers: ['X.B.Test. 30 IN CNAME B.TEST.'],
    });
    expect((await chain.answer('a.test.')).answer).toEqual(['X.a.test. 30 IN CNAME a.test.']);
  });

  it.each([
    ['in full, in other letters', 'b.test.', '0142045465737400'],
    ['as the root', '.', '00'],
    ['by a pointer', 'b.test.', 'c00c'],
  ])('has owners that an upstream writes %s', async (_, asked, ownerHex) => {
    const chain = new RewriteChain(`rewrite continue name a.test ${asked}\nrewrite ttl ${asked} 9`);
    const record = Buffer.concat([
      Buffer.from(ownerHex, 'hex'),
      Buffer.from('000100010000001e0004c0000201', 'hex'),
    ]);
    chain.script = (query) => {
      const question = query.message.subarray(12, 12 + query.questionLength);
      const header = Buffer.from('000081800001000200000000', 'hex');
      return new Reply(Buffer.concat([header, question, record, record]), 'behind');
    };
    const { answer, question } = await chain.answer('A.test.');
    expect(question).toBe('A.test. IN A');
    expect(answer).toEqual(['A.test. 9 IN A 192.0.2.1', 'A.test. 9 IN A 192.0.2.1']);
  });

  it('says so where it does not fit into a message any more', async () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.test.`;
    const record = Buffer.from('c00c000100010000001e0004c0000201', 'hex');
    const count = Math.floor((65_535 - 12 - 12) / record.length);
    const chain = new RewriteChain(`rewrite name ${long} b.test`);
    chain.script = (query) => {
      const question = query.message.subarray(12, 12 + query.questionLength);
      const header = Buffer.from('000081800001000000000000', 'hex');
      header.writeUInt16BE(count, 6);
      return new Reply(
        Buffer.concat([header, question, ...Array.from({ length: count }, () => record)]),
        'behind',
      );
    };
    const { answer, flags, octets } = await chain.answer(long);
    expect(flags).toContain('tc');
    expect(octets).toBeLessThanOrEqual(65_535);
    expect(count - answer.length).toBe(8);
  });

  it('leaves names alone that end like the root that was asked for', async () => {
    const chain = new RewriteChain('rewrite name a.test .', { answers: ['. 30 IN NS x.test.'] });
    expect((await chain.answer('a.test.', 'NS')).answer).toEqual(['a.test. 30 IN NS x.test.']);
  });

  it('is a failure where it would have a name that is none', async () => {
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.test.`;
    const chain = new RewriteChain(`rewrite name ${long} b.`, {
      answers: [`${'d'.repeat(63)}.b. 30 IN A 192.0.2.1`],
    });
    const outcome = await chain.handler.ask(chain.query(long, 'A'));
    expect(outcome).toMatchObject({ rcode: SERVFAIL, source: 'rewrite' });
  });

  it('lets names point to each other as the upstream had them', async () => {
    const records = Array.from({ length: 20 }, (_, i) => `b.example.test. 30 IN MX ${i} mail.example.test.`);
    const chain = new RewriteChain('rewrite name a.example.test b.example.test', { answers: records });
    const { octets, answer } = await chain.answer('a.example.test.', 'MX');
    expect(answer[19]).toBe('a.example.test. 30 IN MX 19 mail.example.test.');
    // A record takes 16 octets: a pointer, 10 octets of header, the preference and a pointer; 7 more for the first.
    expect(octets).toBe(12 + 20 + 20 * 16 + 5);
  });

  it('keeps its own type and class, with the records as they came', async () => {
    const reply = await new RewriteChain('rewrite continue type A AAAA\nrewrite class CH IN', {
      answers: ['@ 30 IN AAAA 2001:db8::1'],
    }).answer('a.test.', 'A', { class: 'CH' });
    expect(reply).toMatchObject({ question: 'a.test. CH A', answer: ['a.test. 30 IN AAAA 2001:db8::1'] });
  });

  it('claims neither more nor less than the answer, but that nobody has vouched for its names', async () => {
    const spec = { ...ADDRESS, authoritative: true, truncated: true, authenticData: true };
    const renamed = await new RewriteChain('rewrite name a.test b.test', spec).answer('a.test.', 'A', {
      dnssecOk: true,
    });
    expect(renamed.flags).toEqual(['qr', 'aa', 'tc', 'rd', 'ra']);
    const timed = await new RewriteChain('rewrite ttl a.test 5', spec).answer('a.test.', 'A', {
      dnssecOk: true,
    });
    expect(timed.flags).toEqual(['qr', 'aa', 'tc', 'rd', 'ra', 'ad']);
  });

  it.each([
    ['other TTLs', 'ttl a.test 5'],
    ['other rcodes', 'rcode a.test NOERROR NXDOMAIN'],
    ['other names', 'name a.test b.test'],
    ['other owners', 'name suffix a.test b.test answer name (.*)b(.*) {1}c{2}'],
    ['other types', 'type A AAAA'],
  ])('with %s leaves the octets alone that it was made of', async (_, rule) => {
    const chain = new RewriteChain(`rewrite ${rule}`);
    let behind: Reply | undefined;
    chain.script = (query) => {
      behind = replyTo(query, ADDRESS);
      // As a socket gives it: who takes a slice of a Buffer writes to the Buffer.
      behind.message = Buffer.from(behind.message);
      return behind;
    };
    await chain.answer('a.test.');
    const again = replyTo(
      chain.query(rule.includes('b.test') ? 'b.test.' : 'a.test.', rule === 'type A AAAA' ? 'AAAA' : 'A'),
      ADDRESS,
    );
    expect(new Uint8Array(behind?.message ?? [])).toEqual(new Uint8Array(again.message));
  });

  it('is silence where there is none, and a failure with its reason', async () => {
    const chain = new RewriteChain('rewrite name a.test b.test');
    const failure = new Failure(SERVFAIL, 'why', 'behind');
    chain.script = () => SILENCE;
    expect(chain.handler.ask(chain.query('a.test.', 'A'))).toBe(SILENCE);
    chain.script = () => failure;
    expect(chain.handler.ask(chain.query('a.test.', 'A'))).toBe(failure);
  });
});
