/** What rules do to answers by the name that was asked: TTLs and rcodes. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/chain/outcome.ts';
import { SERVFAIL } from '../../../src/wire/registry.ts';
import { RewriteChain } from './rewrite-chain.ts';

const ADDRESS = { answers: ['@ 30 IN A 192.0.2.1'] };

describe('ttl', () => {
  it.each([
    ['a name', 'a.test 15', [15, 15, 15]],
    ['prefix', 'prefix a 15', [15, 15, 15]],
    ['suffix', 'suffix test 15', [15, 15, 15]],
    ['substring', 'substring test 15', [15, 15, 15]],
    ['regex', 'regex ^a\\. 15', [15, 15, 15]],
    ['a range', 'a.test 40-60', [40, 50, 60]],
    ['a least', 'a.test 60-', [60, 60, 70]],
    ['a most', 'a.test -40', [30, 40, 40]],
    ['another name', 'b.test 15', [30, 50, 70]],
    ['another pattern', 'regex ^b 15', [30, 50, 70]],
  ])('of %s', async (_, rule, ttls) => {
    const reply = await new RewriteChain(`rewrite ttl ${rule}`, {
      answers: ['@ 30 IN A 192.0.2.1'],
      authority: ['@ 50 IN NS ns.test.'],
      additional: ['ns.test. 70 IN A 192.0.2.2'],
    }).answer('a.test.');
    const records = [...reply.answer, ...reply.authority, ...reply.additional];
    expect(records.map((line) => Number(line.split(' ')[1]))).toEqual(ttls);
  });

  it('counts from what the client would have been told', async () => {
    const chain = new RewriteChain('rewrite ttl a.test 10-25', ADDRESS, { cached: true });
    expect((await chain.answer('a.test.')).answer).toEqual(['a.test. 25 IN A 192.0.2.1']);
    chain.context.clock.advance(8_000);
    expect((await chain.answer('a.test.')).answer).toEqual(['a.test. 22 IN A 192.0.2.1']);
    chain.context.clock.advance(20_000);
    expect((await chain.answer('a.test.')).answer).toEqual(['a.test. 10 IN A 192.0.2.1']);
    expect(chain.asked).toHaveLength(1);
  });

  it('is about the name as the rules in front left it', async () => {
    const chain = new RewriteChain('rewrite continue name a.test b.test\nrewrite ttl b.test 5', ADDRESS);
    expect((await chain.answer('a.test.')).answer).toEqual(['a.test. 5 IN A 192.0.2.1']);
  });
});

describe('rcode', () => {
  it.each([
    ['a name', 'a.test NXDOMAIN NOERROR', 'NOERROR'],
    ['prefix', 'prefix a 3 0', 'NOERROR'],
    ['suffix', 'suffix test nxdomain refused', 'REFUSED'],
    ['substring', 'substring a NXDOMAIN NOTIMPL', 'NOTIMP'],
    ['regex', 'regex . NXDOMAIN SERVFAIL', 'SERVFAIL'],
    ['another rcode', 'a.test SERVFAIL NOERROR', 'NXDOMAIN'],
    ['another name', 'b.test NXDOMAIN NOERROR', 'NXDOMAIN'],
  ])('of %s', async (_, rule, rcode) => {
    const authority = ['test. 30 IN SOA ns.test. root.test. 1 2 3 4 5'];
    const chain = new RewriteChain(`rewrite rcode ${rule}`, { rcode: 'NXDOMAIN', authority });
    expect(await chain.answer('a.test.')).toMatchObject({ rcode, authority });
  });

  it('of a failure, whose reason stays', () => {
    const chain = new RewriteChain('rewrite rcode a.test SERVFAIL REFUSED');
    chain.script = () => new Failure(SERVFAIL, 'why', 'behind', { code: 22, text: 'x' });
    expect(chain.handler.ask(chain.query('a.test.', 'A'))).toMatchObject({
      rcode: 5,
      reason: 'why',
      source: 'behind',
      extendedError: { code: 22 },
    });
  });

  it('beside another name', async () => {
    const chain = new RewriteChain(
      'rewrite continue name a.test b.test\nrewrite rcode b.test NXDOMAIN NOERROR',
      {
        rcode: 'NXDOMAIN',
      },
    );
    expect(await chain.answer('a.test.')).toMatchObject({ rcode: 'NOERROR', question: 'a.test. IN A' });
  });
});
