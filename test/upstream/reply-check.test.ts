import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';
import { Deadlines } from '../../src/base/deadlines.ts';
import { PendingQuery } from '../../src/upstream/pending-query.ts';
import { PromisedReply } from '../../src/upstream/promised-reply.ts';
import { ReplyCheck, isTruncated, replyStatus } from '../../src/upstream/reply-check.ts';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { replyMessage } from '../support/scripted-reply.ts';
import type { ReceivedQuery, ReplySpec } from '../support/scripted-reply.ts';
import { askFor } from './open-upstream.ts';

const ASK = askFor('www.example.org');
const RECEIVED: ReceivedQuery = {
  name: 'www.example.org.',
  type: 'A',
  class: 'IN',
  id: 1,
  flags: 0x0100,
  hasOpt: true,
  dnssecOk: false,
  udpSize: 1232,
  transport: 'udp',
  clientPort: 1,
  connection: 0,
  message: new Uint8Array(0),
};
const ANSWER = { answers: ['@ 30 IN A 192.0.2.1'] };

const pending = (acceptsAny = false): PendingQuery => {
  const query = new PendingQuery(
    ASK.message,
    ASK.nameLength,
    0,
    new Deadlines(SYSTEM_CLOCK),
    acceptsAny,
    new PromisedReply(),
  );
  // The test is about octets; this also stops its timer.
  query.resolve(new Uint8Array(0), { expire: () => '' });
  return query;
};

const accepted = (message: Uint8Array, acceptsAny = false): Uint8Array | undefined =>
  new ReplyCheck().accepted(pending(acceptsAny), message);

const made = (spec: ReplySpec): Uint8Array => replyMessage(RECEIVED, spec);

describe('a reply counts', () => {
  it.each<[string, ReplySpec]>([
    ['with an answer', ANSWER],
    ['with the name in another case', { ...ANSWER, name: 'WWW.eXample.ORG.' }],
    ['with any rcode', { rcode: 'REFUSED' }],
    ['without an OPT', { ...ANSWER, opt: false }],
    ['with TC', { ...ANSWER, truncated: true }],
    [
      'with records in every section',
      {
        ...ANSWER,
        authority: ['@ 30 IN NS ns.example.org.'],
        additional: ['ns.example.org. 30 IN AAAA 2001:db8::1'],
      },
    ],
    ['with a type that nobody knows', { answers: ['@ 30 IN TYPE65280 c00cff'] }],
  ])('%s', (_what, spec) => {
    const message = made(spec);
    expect(accepted(message)).toBe(message);
  });
});

describe('a reply does not count', () => {
  it.each<[string, ReplySpec]>([
    ['when QR says that it is a query', { ...ANSWER, response: false }],
    ['with another opcode', { ...ANSWER, opcode: 4 }],
    ['for another name of the same length', { ...ANSWER, name: 'wwx.example.org.' }],
    ['for a name above', { ...ANSWER, name: 'example.org.' }],
    ['for a name below', { ...ANSWER, name: 'a.www.example.org.' }],
    ['for another type', { ...ANSWER, type: 'AAAA' }],
    ['for another class', { ...ANSWER, class: 'CH' }],
    ['without a question', { questionCount: 0 }],
    ['without a question and anything else', { questionCount: 0, opt: false }],
    ['with two questions', { ...ANSWER, questionCount: 2 }],
    ['with fewer records than it counts', { ...ANSWER, opt: false, extraAnswerCount: 1 }],
    ['when it stops in the middle of a record', { ...ANSWER, opt: false, cutOctets: 1 }],
    ['when it stops in the middle of the question', { opt: false, cutOctets: 3 }],
    ['when it stops in the header', { opt: false, cutOctets: 22 }],
    [
      'when RDATA does not fill its length',
      { answers: ['@ 30 IN MX 10 mx.example.org.', '@ 30 IN A 192.0.2.1'], opt: false, cutOctets: 2 },
    ],
  ])('%s', (_what, spec) => {
    expect(accepted(made(spec))).toBeUndefined();
  });

  it('when the name is a pointer', () => {
    const message = made(ANSWER);
    message[12] = 0xc0;
    message[13] = 12;
    expect(accepted(message)).toBeUndefined();
  });

  it('whatever the octets, unless they are sound and repeat the question', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const reply = accepted(noise);
        return reply === undefined || messageIsSound(reply, reply.length, nameScratch());
      }),
    );
  });

  it('with any one octet of the question changed', () => {
    const honest = made({ ...ANSWER, opt: false });
    for (let at = 12; at < 12 + ASK.nameLength + 4; at++) {
      const forged = honest.slice();
      forged[at] ^= 0x10;
      expect(accepted(forged), `octet ${at}`).toBeUndefined();
    }
  });
});

it('a truncated reply that was cut anywhere is taken as its question alone', () => {
  const cut = made({ ...ANSWER, opt: false, truncated: true, cutOctets: 2 });
  const reply = accepted(cut);
  expect(reply).toEqual(made({ truncated: true, opt: false }));
  expect(isTruncated(reply ?? new Uint8Array(12))).toBe(true);
});

describe('a health check takes', () => {
  it('any response', () => {
    const other = made({ name: 'other.', rcode: 'SERVFAIL' });
    expect(accepted(other, true)).toBe(other);
  });

  it('no query', () => {
    expect(accepted(made({ response: false }), true)).toBeUndefined();
  });
});

describe('replyStatus', () => {
  it.each([
    ['REFUSED', false, 5],
    ['REFUSED', true, 5],
    ['BADSIG', true, 16],
    ['BADCOOKIE', true, 23],
  ])('reads %s with OPT %s as %i', (rcode, opt, code) => {
    expect(replyStatus(made({ rcode, opt }))).toEqual({ hasOpt: opt, rcode: code });
  });
});
