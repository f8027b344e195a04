import { describe, expect, it } from 'vitest';
import { Query } from '../../src/chain/query.ts';
import {
  ACCEPTED,
  DROPPED,
  MAX_REFUSAL_OCTETS,
  REFUSAL,
  accept,
  writeRefusal,
} from '../../src/listen/accept.ts';
import { AD, CD, QR, RD } from '../../src/wire/header.ts';
import { rawQuery, readReply } from '../support/raw-message.ts';
import type { RawReply } from '../support/raw-message.ts';
import { readOpt } from '../support/read-opt.ts';

const NAME = 'wWw.example.org.';
const QUESTION = `${NAME} IN A`;

interface Judged {
  readonly fate: number;
  readonly reply: RawReply | undefined;
  readonly octets: Uint8Array;
}

function judge(message: Uint8Array, query = new Query()): Judged {
  const fate = accept(query, message, message.length);
  const out = new Uint8Array(MAX_REFUSAL_OCTETS);
  const octets = fate === REFUSAL ? out.subarray(0, writeRefusal(query, out)) : out.subarray(0, 0);
  return { fate, octets, reply: fate === REFUSAL ? readReply(octets) : undefined };
}

const opcode = (code: number): number => code << 11;

describe('a message', () => {
  it.each([
    { what: 'a question', message: rawQuery({ name: NAME }) },
    { what: 'a question with EDNS', message: rawQuery({ name: NAME, edns: { dnssecOk: true } }) },
    {
      what: 'options that nobody knows',
      message: rawQuery({ name: NAME, edns: { options: [[65_001, Buffer.from('x')]] } }),
    },
    { what: 'every flag but QR', message: rawQuery({ name: NAME, flags: 0x07f0 }) },
    { what: 'octets behind its end', message: Buffer.concat([rawQuery({ name: NAME }), Buffer.alloc(20)]) },
  ])('is accepted: $what', ({ message }) => {
    expect(judge(message).fate).toBe(ACCEPTED);
  });

  it.each([
    { what: 'nothing', message: Buffer.alloc(0) },
    { what: '11 octets', message: rawQuery({ name: NAME }).subarray(0, 11) },
    { what: 'a response', message: rawQuery({ name: NAME, flags: QR }) },
    {
      what: 'a response with an opcode that is not served',
      message: rawQuery({ name: NAME, flags: QR | opcode(5) }),
    },
    {
      what: 'a response with two questions',
      message: rawQuery({ name: NAME, flags: QR, counts: [2, 0, 0, 0] }),
    },
  ])('is dropped without a word: $what', ({ message }) => {
    expect(judge(message).fate).toBe(DROPPED);
  });

  it.each([
    { what: 'IQUERY', code: 1 },
    { what: 'STATUS', code: 2 },
    { what: 'NOTIFY', code: 4 },
    { what: 'UPDATE', code: 5 },
    { what: 'no opcode at all', code: 15 },
  ])('gets NOTIMP with its opcode and without its question: $what', ({ code }) => {
    const { reply, octets } = judge(rawQuery({ id: 77, name: NAME, flags: RD | opcode(code) }));
    expect(reply).toMatchObject({
      id: 77,
      rcode: 'NOTIMP',
      question: '',
      octets: 12,
      flags: ['qr', 'rd', 'ra'],
    });
    expect((octets[2] >>> 3) & 0xf).toBe(code);
  });

  it.each<{ what: string; counts: [number, number, number, number] }>([
    { what: 'no question', counts: [0, 0, 0, 0] },
    { what: 'two questions', counts: [2, 0, 0, 0] },
    { what: 'two answers', counts: [1, 2, 0, 0] },
    { what: 'two authorities', counts: [1, 0, 2, 0] },
    { what: 'three additional records', counts: [1, 0, 0, 3] },
  ])('gets FORMERR without its question: it counts $what', ({ counts }) => {
    expect(judge(rawQuery({ id: 78, name: NAME, counts })).reply).toMatchObject({
      id: 78,
      rcode: 'FORMERR',
      question: '',
      octets: 12,
    });
  });

  it.each([
    {
      what: 'a header and nothing behind it',
      message: rawQuery({ name: NAME }).subarray(0, 12),
      question: '',
    },
    { what: 'half a name', message: rawQuery({ name: NAME }).subarray(0, 20), question: '' },
    { what: 'a name without type', message: rawQuery({ name: NAME }).subarray(0, 30), question: '' },
    {
      what: 'a record that is not there',
      message: rawQuery({ name: NAME, counts: [1, 0, 0, 1] }),
      question: QUESTION,
    },
    {
      what: 'an OPT that is cut',
      message: rawQuery({ name: NAME, edns: {} }).subarray(0, -1),
      question: QUESTION,
    },
  ])('gets FORMERR with as much of the question as could be read: $what', ({ message, question }) => {
    expect(judge(message).reply).toMatchObject({ id: 0x1234, rcode: 'FORMERR', question });
  });

  it('gets FORMERR with an OPT where it had one that could be read', () => {
    const twice = Buffer.concat([
      rawQuery({ name: NAME, edns: {}, counts: [1, 0, 0, 2] }),
      rawQuery({ name: NAME, edns: {} }).subarray(-11),
    ]);
    expect(judge(twice).reply).toMatchObject({ rcode: 'FORMERR', question: QUESTION, hasOpt: true });
  });

  it('gets BADVERS, our version, and nothing else for another version of EDNS', () => {
    const { reply, octets } = judge(
      rawQuery({ name: NAME, flags: RD | AD | CD, edns: { version: 1, dnssecOk: true } }),
    );
    expect(reply).toMatchObject({ question: QUESTION, answer: [], flags: ['qr', 'rd', 'ra', 'cd'] });
    expect(readOpt(octets)).toMatchObject({ rcode: 16, version: 0, dnssecOk: true });
  });

  it('gets BADVERS whatever the options of that version look like', () => {
    const odd = rawQuery({ name: NAME, edns: { version: 9, options: [[1, Buffer.alloc(4)]] } });
    // The option claims to be longer than the OPT.
    odd[odd.length - 5] = 200;
    expect(readOpt(judge(odd).octets)?.rcode).toBe(16);
  });

  it('has nothing of the one before it', () => {
    const query = new Query();
    expect(judge(rawQuery({ name: NAME, edns: { dnssecOk: true } }), query).fate).toBe(ACCEPTED);
    expect(judge(rawQuery({ name: NAME, flags: opcode(5) }), query).reply).toMatchObject({
      question: '',
      hasOpt: false,
      flags: ['qr', 'ra'],
    });
  });
});
