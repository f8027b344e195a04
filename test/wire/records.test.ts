import { describe, expect, it } from 'vitest';
import { SECTION_ADDITIONAL, SECTION_ANSWER, SECTION_AUTHORITY } from '../../src/wire/header.ts';
import { MALFORMED } from '../../src/wire/name.ts';
import { END, RECORD, RecordWalk, messageIsSound, nameScratch } from '../../src/wire/records.ts';
import {
  FIRST_RECORD,
  QNAME,
  QUESTION,
  label,
  message,
  octets,
  pointer,
  question,
  record,
  uint16,
} from './raw-message.ts';

const isSound = (bytes: Uint8Array): boolean => messageIsSound(bytes, bytes.length, nameScratch());

/** What each step of a walk said, the end or error included. */
function steps(bytes: Uint8Array): number[] | 'cannot start' {
  const walk = new RecordWalk();
  if (!walk.start(bytes, bytes.length)) return 'cannot start';
  const found: number[] = [];
  for (;;) {
    const step = walk.next();
    found.push(step);
    if (step !== RECORD) return found;
  }
}

describe('a walk', () => {
  it('finds every record, its section and where its fields stand', () => {
    const bytes = message({
      answer: [record({ ttl: 0xffff_ffff })],
      authority: [record({ owner: 'org.', type: 0xfde9, class: 3, ttl: 7, rdata: octets() })],
      additional: [record(), record()],
      trailing: octets(1, 2, 3),
    });
    const walk = new RecordWalk();
    expect(walk.start(bytes, bytes.length)).toBe(true);
    expect(walk.nextOffset).toBe(FIRST_RECORD);
    expect(walk.next()).toBe(RECORD);
    expect(walk).toMatchObject({
      section: SECTION_ANSWER,
      ownerOffset: FIRST_RECORD,
      type: 1,
      class: 1,
      ttlOffset: FIRST_RECORD + 6,
      ttlSeconds: 0xffff_ffff,
      rdataOffset: FIRST_RECORD + 12,
      rdataLength: 4,
      nextOffset: FIRST_RECORD + 16,
    });
    expect(walk.next()).toBe(RECORD);
    expect(walk).toMatchObject({
      section: SECTION_AUTHORITY,
      ownerOffset: FIRST_RECORD + 16,
      type: 0xfde9,
      class: 3,
      ttlSeconds: 7,
      rdataLength: 0,
      nextOffset: FIRST_RECORD + 31,
    });
    expect([walk.next(), walk.section]).toEqual([RECORD, SECTION_ADDITIONAL]);
    expect([walk.next(), walk.section]).toEqual([RECORD, SECTION_ADDITIONAL]);
    expect([walk.next(), walk.nextOffset]).toEqual([END, bytes.length - 3]);
    expect(walk.next(), 'once more').toBe(END);
  });

  it('can set out behind a question that somebody has read, and again on another message', () => {
    const walk = new RecordWalk();
    const bytes = message({ answer: [record()] });
    walk.startAt(bytes, bytes.length, FIRST_RECORD);
    expect([walk.next(), walk.next()]).toEqual([RECORD, END]);
    expect(walk.start(bytes, bytes.length)).toBe(true);
    expect([walk.next(), walk.section, walk.next()]).toEqual([RECORD, SECTION_ANSWER, END]);
  });

  it.each([
    ['no question', message({ question: octets(), answer: [record({ owner: 'a.' })] }), [RECORD, END]],
    ['two questions', message({ question: octets(QUESTION, QNAME, 0, 1, 0, 1), counts: [2] }), [END]],
    [
      'a record of no RDATA at the very end',
      message({ answer: [record({ rdata: octets() })] }),
      [RECORD, END],
    ],
    ['one answer counted, none there', message({ counts: [1, 1] }), [MALFORMED]],
    [
      '65,535 answers counted, one there',
      message({ answer: [record()], counts: [1, 65_535] }),
      [RECORD, MALFORMED],
    ],
    ['one answer there, none counted', message({ answer: [record()], counts: [1, 0] }), [END]],
    ['RDLENGTH over the end by one octet', message({ answer: [record({ rdlength: 5 })] }), [MALFORMED]],
    ['RDLENGTH over the end by far', message({ answer: [record({ rdlength: 65_535 })] }), [MALFORMED]],
    ['the owner alone', message({ counts: [1, 1], trailing: octets('a.') }), [MALFORMED]],
    [
      'a record cut in its last octet',
      message({ answer: [record({ rdata: octets() }).subarray(0, -1)] }),
      [MALFORMED],
    ],
    ['an owner without end', message({ counts: [1, 1], trailing: octets(0x3f, 0x61) }), [MALFORMED]],
  ])('over %s', (_what, bytes, found) => {
    expect(steps(bytes)).toEqual(found);
  });

  it.each([
    ['a question counted, none there', message({ question: octets(), counts: [1] })],
    ['a question without its class', message({ question: QUESTION.subarray(0, -1) })],
    ['two questions counted, one there', message({ counts: [2] })],
    [
      'a question of a name over 255 octets',
      message({ question: octets(...Array.from({ length: 5 }, () => label(63)), 0) }),
    ],
  ])('cannot start over %s', (_what, bytes) => {
    expect(steps(bytes)).toBe('cannot start');
    expect(isSound(bytes)).toBe(false);
  });
});

describe('a sound message', () => {
  it.each([
    ['a header alone', message({ question: octets() })],
    ['a question alone', message()],
    ['two questions', message({ question: octets(QUESTION, question('a.')), counts: [2] })],
    [
      'records in every section',
      message({ answer: [record()], authority: [record()], additional: [record()] }),
    ],
    [
      'a record of an unknown type and any RDATA',
      message({ answer: [record({ type: 65_280, rdata: octets(0xc0, 0xff) })] }),
    ],
    [
      'an owner behind pointers',
      message({
        answer: [record({ owner: 'a.org.' }), record({ owner: octets(1, 0x62, pointer(FIRST_RECORD)) })],
      }),
    ],
    ['octets behind the last record', message({ answer: [record()], trailing: octets(0xc0) })],
  ])('has %s', (_what, bytes) => {
    expect(isSound(bytes)).toBe(true);
  });

  it.each([
    ['11 octets: no header', message({ question: octets() }).subarray(0, 11)],
    ['nothing', octets()],
    ['an owner that points forward', message({ answer: [record({ owner: pointer(60) }), record()] })],
    ['an owner that points to itself', message({ answer: [record({ owner: pointer(FIRST_RECORD) })] })],
    [
      'an owner that points to its own record',
      message({ answer: [record({ owner: pointer(FIRST_RECORD + 2) })] }),
    ],
    ['an owner that points into the header', message({ answer: [record({ owner: pointer(4) })] })],
    [
      'an owner of 256 octets behind a pointer',
      message({ answer: [record({ owner: octets(label(63), label(63), label(63), label(46), QNAME) })] }),
    ],
    ['a question that is a pointer', message({ question: octets(pointer(0), 0, 1, 0, 1) })],
    [
      'a second question that points forward',
      message({ question: octets(QUESTION, pointer(200), 0, 1, 0, 1), counts: [2] }),
    ],
    ['more answers counted than there are', message({ answer: [record()], counts: [1, 2] })],
    ['more additionals counted than there are', message({ additional: [record()], counts: [1, 0, 0, 2] })],
    ['an address of three octets', message({ answer: [record({ rdata: octets(1, 2, 3) })] })],
    [
      'a broken record in the last place',
      message({ answer: [record()], additional: [record({ rdata: octets(1, 2, 3, 4, 5) })] }),
    ],
  ])('does not have %s', (_what, bytes) => {
    expect(isSound(bytes)).toBe(false);
  });

  it('has an owner of 255 octets behind a pointer', () => {
    const owner = octets(label(63), label(63), label(63), label(45), QNAME);
    expect(isSound(message({ answer: [record({ owner })] }))).toBe(true);
  });

  it('ends where its length says', () => {
    const bytes = message({ answer: [record()] });
    const longer = octets(bytes, 0xff);
    for (let length = 0; length < bytes.length; length++) {
      expect(messageIsSound(longer, length, nameScratch()), `cut to ${length} octets`).toBe(false);
    }
    expect(messageIsSound(longer, bytes.length, nameScratch())).toBe(true);
  });

  it('may count 16 bits of records and no more are looked for', () => {
    const tiny = record({ type: 65_280, rdata: octets() });
    const bytes = message({ answer: Array.from({ length: 5000 }, () => tiny) });
    expect(isSound(bytes)).toBe(true);
    bytes.set(uint16(65_535), 6);
    expect(isSound(bytes)).toBe(false);
  });
});
