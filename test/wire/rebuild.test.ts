/** Messages of others laid out anew: `rebuildMessage` and `withoutOpt`. */
import { describe, expect, it } from 'vitest';
import { rebuildMessage, withoutOpt } from '../../src/wire/builder.ts';
import { QR, RA, TC, readFlags } from '../../src/wire/header.ts';
import { TYPE_OPT, TYPE_TSIG, typeCode } from '../../src/wire/registry.ts';
import { listQuestions, listRecords } from './list-records.ts';
import type { MessageSpec } from './raw-message.ts';
import {
  FIRST_RECORD,
  QNAME,
  QUESTION,
  hex,
  label,
  message,
  octets,
  pointer,
  record,
  uint16,
} from './raw-message.ts';

const opt = (ttl = 0x8000): Uint8Array =>
  record({ owner: '.', type: TYPE_OPT, class: 4096, ttl, rdata: octets(0, 3, 0, 1, 0x61) });
const tsig = record({ owner: 'key.', type: TYPE_TSIG, class: 255, ttl: 0, rdata: new Uint8Array(30) });
const a = (owner: string): Uint8Array => record({ owner });
const rebuilt = (spec: MessageSpec): Uint8Array => {
  const bytes = message({ flags: QR | RA, ...spec });
  return rebuildMessage(bytes, bytes.length);
};
const typed = (type: string, rdata: Uint8Array): Uint8Array => record({ type: typeCode(type) ?? 0, rdata });

const srv = (target: Uint8Array): Uint8Array => typed('SRV', octets(new Uint8Array(6), target));

describe('a rebuilt message', () => {
  it('says the same in fewer octets', () => {
    const spec = {
      answer: [
        record({ owner: 'www.example.org.', type: 5, rdata: octets('b.example.org.') }),
        a('b.example.org.'),
      ],
      authority: [record({ owner: 'example.org.', type: 2, rdata: octets('ns.example.org.') })],
      additional: [a('ns.example.org.')],
    };
    const result = rebuilt(spec);
    const before = message({ flags: QR | RA, ...spec });
    expect(listRecords(result)).toEqual(listRecords(before));
    expect(listQuestions(result)).toEqual(listQuestions(before));
    expect(readFlags(result)).toBe(QR | RA);
    // Of each name in turn: two octets are left, or a label and two.
    expect(before.length - result.length).toBe(15 + 11 + 13 + 11 + 11 + 14);
  });

  it('has no OPT, wherever and however often it stood', () => {
    const result = rebuilt({
      answer: [opt(), a('b.')],
      authority: [opt()],
      additional: [opt(), a('c.'), opt(), tsig],
    });
    expect(listRecords(result)).toEqual([
      'answer b. 300 IN A c0000201',
      'additional c. 300 IN A c0000201',
      `additional key. 0 ANY TSIG ${'00'.repeat(30)}`,
    ]);
  });

  it('has the records that are asked for and no others', () => {
    const bytes = message({ answer: [a('b.'), typed('NS', octets('c.'))], additional: [opt()] });
    const result = rebuildMessage(bytes, bytes.length, (walk) => walk.type === 1);
    expect(listRecords(result)).toEqual(['answer b. 300 IN A c0000201']);
  });

  it.each([
    ['NS', octets(QNAME), 'c0 0c'],
    [
      'SOA',
      octets('www.example.org.', 'host.example.org.', new Uint8Array(20)),
      `c0 0c 04 68 6f 73 74 c0 10${' 00'.repeat(20)}`,
    ],
    ['MX', octets(uint16(5), 'example.org.'), '00 05 c0 10'],
    ['CNAME: the own name in another case', octets('WWW.example.org.'), 'c0 0c'],
    ['PTR: another case of a part is kept', octets('a.Example.org.'), '01 61 07 45 78 61 6d 70 6c 65 c0 18'],
  ])('compresses RDATA of %s', (type, rdata, written) => {
    const result = rebuilt({ answer: [typed(type.split(':')[0], rdata)] });
    expect(hex(result.subarray(FIRST_RECORD + 12))).toBe(written);
  });

  it.each([
    ['SRV', octets(new Uint8Array(6), QNAME), octets(new Uint8Array(6), 'www.example.org.')],
    ['NAPTR', octets(new Uint8Array(7), QNAME), octets(new Uint8Array(7), 'www.example.org.')],
    ['RP', octets(QNAME, pointer(16)), octets('www.example.org.', 'example.org.')],
    ['PX', octets(0, 1, QNAME, QNAME), octets(0, 1, 'www.example.org.', 'www.example.org.')],
    ['DNAME', octets(QNAME), octets('www.example.org.')],
    ['RRSIG', octets(new Uint8Array(18), QNAME, 1, 2), octets(new Uint8Array(18), 'www.example.org.', 1, 2)],
    ['NSEC', octets(QNAME, 0, 1, 0x40), octets('www.example.org.', 0, 1, 0x40)],
    ['HTTPS', octets(0, 1, QNAME, 0, 1, 0, 0), octets(0, 1, 'www.example.org.', 0, 1, 0, 0)],
  ])(
    'writes names in %s in full, which were not to be compressed (RFC 3597 section 4)',
    (type, rdata, full) => {
      const result = rebuilt({ answer: [typed(type, rdata), a('b.')] });
      expect(hex(result.subarray(FIRST_RECORD + 12, FIRST_RECORD + 12 + full.length))).toBe(hex(full));
      expect(listRecords(result)).toHaveLength(2);
    },
  );

  it('leaves an SRV target in full when it is known already, and its case', () => {
    const pod = srv(octets('Pod.Svc.'));
    const result = rebuilt({ answer: [a('pod.svc.'), pod], additional: [a('Pod.Svc.')] });
    const text = Buffer.from(result).toString('latin1');
    expect(text.split('\u0003Pod\u0003Svc\0')).toHaveLength(2);
    expect(listRecords(result)[2]).toBe('additional Pod.Svc. 300 IN A c0000201');
  });

  it.each([
    ['an unknown type', 65_280, octets(0xc0, 0x0c, 0, 1, 2, 0xff)],
    ['an unknown type without RDATA', 65_281, octets()],
    ['an unknown type of 60,000 octets', 65_282, new Uint8Array(60_000).fill(0xc0)],
    ['TXT in any octets', 16, octets(3, 0, 0xff, 0xc0, 0, 255, new Uint8Array(255).fill(0x41))],
    ['NSEC3, which is opaque here', 50, octets(1, 0, 0, 5, 0, 20, new Uint8Array(20))],
  ])('leaves %s bit by bit (RFC 3597 section 3)', (_what, type, rdata) => {
    const result = rebuilt({ answer: [record({ type, class: 4, ttl: 0xffff_ffff, rdata }), a('b.')] });
    expect(hex(result.subarray(FIRST_RECORD, FIRST_RECORD + 12 + rdata.length))).toBe(
      hex(record({ type, class: 4, ttl: 0xffff_ffff, rdata })),
    );
  });

  it('has no question where there was none, or more than one', () => {
    expect(listQuestions(rebuilt({ question: octets() }))).toEqual([]);
    const two = rebuilt({ question: octets(QUESTION, QUESTION), counts: [2], answer: [a('b.')] });
    expect(listQuestions(two)).toEqual([]);
    expect(listRecords(two)).toEqual(['answer b. 300 IN A c0000201']);
  });

  it('ends, whatever stands where the question should', () => {
    expect(listQuestions(rebuilt({ question: octets(pointer(12), 0, 1, 0, 1) }))).toEqual([]);
    expect(listQuestions(rebuilt({ question: octets(3), counts: [1] }))).toEqual([]);
  });

  it('says TC when it grew so much that records had to go', () => {
    // 300 targets that the sender had compressed to two octets each, of 255 octets in full.
    const long = octets(label(63), label(63), label(63), label(45), QNAME);
    const target = pointer(FIRST_RECORD + 12 + 6);
    const answer = [srv(long), ...Array.from({ length: 300 }, () => srv(target))];
    const result = rebuilt({ answer });
    expect(readFlags(result)).toBe(QR | RA | TC);
    expect(result.length).toBeLessThanOrEqual(65_535);
    const fitting = Math.floor((65_535 - FIRST_RECORD) / (12 + 6 + 255));
    expect(listRecords(result)).toHaveLength(fitting);
  });

  it('keeps a TC that was there', () => {
    expect(readFlags(rebuilt({ flags: QR | TC }))).toBe(QR | TC);
  });
});

const stripped = (spec: MessageSpec): string => {
  const bytes = message({ flags: QR, ...spec });
  const before = hex(bytes);
  const result = withoutOpt(bytes, bytes.length);
  expect(hex(bytes), 'the original').toBe(before);
  expect(result.buffer).not.toBe(bytes.buffer);
  return hex(result);
};
const plain = (spec: MessageSpec): string => hex(message({ flags: QR, ...spec }));

describe('a message without its OPT', () => {
  it.each([
    [
      'it stands last',
      { answer: [a('b.')], additional: [a('c.'), opt()] },
      { answer: [a('b.')], additional: [a('c.')] },
    ],
    ['it stands alone', { additional: [opt()] }, {}],
    ['it was never there', { answer: [a('b.')] }, { answer: [a('b.')] }],
    [
      'garbage follows it',
      { answer: [a('b.')], additional: [opt()], trailing: octets(9, 9) },
      { answer: [a('b.')] },
    ],
    [
      'garbage follows and it was never there',
      { answer: [a('b.')], trailing: octets(9, 9) },
      { answer: [a('b.')] },
    ],
  ])('is the same up to there when %s', (_what, spec, wanted) => {
    expect(stripped(spec)).toBe(plain(wanted));
  });

  it.each([
    ['it stands in the middle', { additional: [opt(), a('c.')] }, ['additional c. 300 IN A c0000201']],
    [
      'a signature follows it',
      { answer: [a('b.')], additional: [opt(), tsig] },
      ['answer b. 300 IN A c0000201', `additional key. 0 ANY TSIG ${'00'.repeat(30)}`],
    ],
    ['it stands twice', { answer: [a('b.')], additional: [opt(), opt(0)] }, ['answer b. 300 IN A c0000201']],
    ['it stands among answers', { answer: [opt(), a('b.')] }, ['answer b. 300 IN A c0000201']],
    ['it stands among answers, last of all', { answer: [a('b.'), opt()] }, ['answer b. 300 IN A c0000201']],
    [
      'it stands in the middle and garbage follows',
      { additional: [opt(), a('c.')], trailing: octets(9) },
      ['additional c. 300 IN A c0000201'],
    ],
  ])('is laid out anew when %s', (_what, spec, records) => {
    const bytes = message({ flags: QR, ...spec });
    const result = withoutOpt(bytes, bytes.length);
    expect(listRecords(result)).toEqual(records);
    expect(listQuestions(result)).toEqual(['www.example.org. IN A']);
  });

  it('keeps names that point over the place where it stood', () => {
    const owner = octets(1, 0x62, 0);
    const bytes = message({
      answer: [record({ owner })],
      additional: [opt(), record({ owner: pointer(FIRST_RECORD) })],
    });
    expect(listRecords(withoutOpt(bytes, bytes.length))).toEqual([
      'answer b. 300 IN A c0000201',
      'additional b. 300 IN A c0000201',
    ]);
  });

  it('counts only the octets that it is told of', () => {
    const bytes = message({ answer: [a('b.')] });
    expect(hex(withoutOpt(octets(bytes, opt()), bytes.length))).toBe(hex(bytes));
  });

  it('is a copy of what cannot be read', () => {
    const bytes = message({ question: QUESTION.subarray(0, -1) });
    expect(hex(withoutOpt(bytes, bytes.length))).toBe(hex(bytes));
  });
});
