import { describe, expect, it } from 'vitest';
import { Failure, REPLY, SILENCE } from '../../../src/chain/outcome.ts';
import type { Outcome } from '../../../src/chain/outcome.ts';
import { minimal } from '../../../src/plugins/minimal/setup.ts';
import { SERVFAIL } from '../../../src/wire/registry.ts';
import { decodeOutcome, makeQuery } from '../../support/query.ts';
import type { QueryOverrides } from '../../support/query.ts';
import { replyTo } from '../../support/reply-to.ts';
import type { ReplySpec } from '../../support/scripted-reply.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';

const SOA = 'test. 30 IN SOA ns.test. root.test. 1 2 3 4 5';
const FULL: ReplySpec = {
  answers: ['a.test. 30 IN CNAME b.test.', 'b.test. 40 IN A 192.0.2.1'],
  authority: ['test. 50 IN NS ns.test.'],
  additional: ['ns.test. 60 IN A 192.0.2.2'],
};

/** What `minimal` makes of this outcome, later if told so. */
async function through(behind: Outcome, overrides: QueryOverrides = {}, later = false): Promise<Outcome> {
  const next = new LastHandler();
  next.outcome = later ? Promise.resolve(behind) : behind;
  const pending = minimal.setup(cursorOf('minimal'), fakeContext())!(next).ask(
    makeQuery('a.test.', 'A', overrides),
  );
  expect(pending instanceof Promise).toBe(later);
  return pending;
}

const reply = (spec: ReplySpec, overrides: QueryOverrides = {}) =>
  replyTo(makeQuery('a.test.', 'A', overrides), spec);

describe('minimal', () => {
  it.each([
    ['at once', false],
    ['when it comes', true],
  ])('leaves of an answer nothing but the answer, %s', async (_, later) => {
    const behind = reply({ ...FULL, authoritative: true });
    // As a socket gives it: who takes a slice of a Buffer writes to the Buffer.
    behind.message = Buffer.from(behind.message);
    const before = new Uint8Array(behind.message);
    behind.ageSeconds = 7;
    const told = await through(behind, {}, later);
    expect(decodeOutcome(told)).toMatchObject({
      rcode: 0,
      authoritative: true,
      answer: ['a.test. 30 IN CNAME b.test.', 'b.test. 40 IN A 192.0.2.1'],
      authority: [],
      additional: [],
    });
    expect(told).toMatchObject({ kind: REPLY, ageSeconds: 7, ttlCount: 2, source: behind.source });
    expect(new Uint8Array(behind.message)).toEqual(before);
  });

  it.each([
    ['an answer without more', { answers: ['a.test. 30 IN A 192.0.2.1'] }],
    ['a denial', { rcode: 'NXDOMAIN', authority: [SOA] }],
    ['an answer of no records', { authority: [SOA], additional: ['ns.test. 60 IN A 192.0.2.2'] }],
    ['a denial behind an alias', { ...FULL, answers: ['a.test. 30 IN CNAME b.test.'], authority: [SOA] }],
    ['a referral', { authority: ['test. 50 IN NS ns.test.'], additional: ['ns.test. 60 IN A 192.0.2.2'] }],
    ['an error', { ...FULL, rcode: 'SERVFAIL' }],
    ['a truncated answer', { ...FULL, truncated: true }],
    ['what whoami says', { additional: ['a.test. 0 IN A 192.0.2.1'] }],
  ] as const)('leaves %s as it is', async (_, spec) => {
    const behind = reply(spec);
    expect(await through(behind)).toBe(behind);
  });

  it('leaves failures and silence as they are', async () => {
    const failure = new Failure(SERVFAIL, 'why', 'behind');
    expect(await through(failure)).toBe(failure);
    expect(await through(SILENCE)).toBe(SILENCE);
  });

  it('keeps the proof of a wildcard for who verifies, and the name servers go all the same without one', async () => {
    const proven = { ...FULL, authority: ['a.test. 50 IN NSEC c.test.'] };
    const verifying = { dnssecOk: true };
    const kept = decodeOutcome(await through(reply(proven, verifying), verifying));
    expect(kept.authority).toHaveLength(1);
    expect(kept.additional).toEqual([]);
    expect(decodeOutcome(await through(reply(proven))).authority).toEqual([]);
    expect(decodeOutcome(await through(reply(FULL, verifying), verifying)).authority).toEqual([]);
  });

  it.each([
    ['an argument', 'minimal x', "Wrong argument count or unexpected line ending after 'x'"],
    ['a block', 'minimal {\n x\n}', "Unexpected token '{', expecting argument"],
  ])('refuses %s', (_, text, message) => {
    expect(() => minimal.setup(cursorOf(text), fakeContext())).toThrow(
      `Corefile:1 - Error during parsing: ${message}`,
    );
  });
});
