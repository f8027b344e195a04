import { describe, expect, it } from 'vitest';
import { fitTransport } from '../../src/chain/fit-transport.ts';
import { Failure, Reply, SILENCE } from '../../src/chain/outcome.ts';
import { QR, TC } from '../../src/wire/header.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { makeQuery } from '../support/query.ts';

const replyWith = (flags: number): Reply =>
  new Reply(new MessageBuilder(flags).question(nameFromText('example.org.'), 1, 1).finish(), 'forward');

describe('fitTransport', () => {
  it('gives a truncated answer to a client of UDP, who can come back over TCP', () => {
    const truncated = replyWith(QR | TC);
    expect(fitTransport(makeQuery('example.org.', 'A'), truncated)).toBe(truncated);
  });

  it('gives SERVFAIL in its place to a client of TCP, and says why', () => {
    const outcome = fitTransport(makeQuery('example.org.', 'A', { transport: 'tcp' }), replyWith(QR | TC));
    expect(outcome).toMatchObject({
      rcode: 2,
      reason: 'upstream gave a truncated answer only',
      source: 'forward',
      extendedError: { code: 23 },
    });
  });

  it.each([
    { what: 'a whole answer', outcome: replyWith(QR) },
    { what: 'a failure', outcome: new Failure(5, 'no', 'test') },
    { what: 'silence', outcome: SILENCE },
  ])('leaves $what as it is', ({ outcome }) => {
    expect(fitTransport(makeQuery('example.org.', 'A', { transport: 'tcp' }), outcome)).toBe(outcome);
  });
});
