import { describe, expect, it } from 'vitest';
import { withEffectiveTtls } from '../../src/chain/effective-ttls.ts';
import { Reply } from '../../src/chain/outcome.ts';
import { decode, makeQuery } from '../support/query.ts';
import { replyTo } from '../support/reply-to.ts';

const given = (ageSeconds: number, fixedTtlSeconds = -1): Reply => {
  const answers = ['@ 60 IN A 192.0.2.1', '@ 20 IN A 192.0.2.2'];
  const reply = replyTo(makeQuery('example.org', 'A'), { answers });
  return Object.assign(reply, { ageSeconds, fixedTtlSeconds });
};

const ttlsOf = (reply: Reply): number[] =>
  decode(new Reply(withEffectiveTtls(reply), 'test')).answer.map((line) => Number(line.split(' ')[1]));

describe('TTLs as a client sees them', () => {
  it.each([
    ['as they stand in a new reply', given(0), [60, 20]],
    ['less the age', given(15), [45, 5]],
    ['never below 0', given(30), [30, 0]],
    ['one for all of a stale reply', given(100, 30), [30, 30]],
  ])('are %s', (_case, reply, ttls) => {
    expect(ttlsOf(reply)).toEqual(ttls);
  });

  it('are written into octets of their own, of which none is left over', () => {
    const reply = given(15);
    const lent = new Uint8Array(reply.length + 100);
    lent.set(reply.message);
    const before = Uint8Array.from(lent);
    reply.message = lent;
    expect(withEffectiveTtls(reply)).toHaveLength(reply.length);
    expect(lent).toEqual(before);
  });
});
