import { Packet } from 'dns2';
import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_OCTETS, MessageBuilder } from '../../src/wire/builder.ts';
import {
  AA,
  QR,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  TC,
  readCount,
  readFlags,
} from '../../src/wire/header.ts';
import { nameFromText, skipName } from '../../src/wire/name.ts';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { TYPE_A } from '../../src/wire/registry.ts';
import { listQuestions, listRecords } from './list-records.ts';
import { hex, octets, uint16, uint32 } from './raw-message.ts';

const ADDRESS = octets(192, 0, 2, 1);
const ask = (name: string): MessageBuilder => new MessageBuilder(QR | AA).question(octets(name), TYPE_A, 1);
const answer = (builder: MessageBuilder, owner: string): MessageBuilder =>
  builder.record(SECTION_ANSWER, octets(owner), TYPE_A, 1, 60, ADDRESS);
/** What stands behind the question. */
const behindQuestion = (message: Uint8Array, name: string): string =>
  hex(message.subarray(12 + octets(name).length + 4));
const TAIL = '00 01 00 01 00 00 00 3c 00 04 c0 00 02 01';

describe('a message from nothing', () => {
  it('is a header alone', () => {
    expect(hex(new MessageBuilder(0x8583).finish())).toBe('00 00 85 83 00 00 00 00 00 00 00 00');
  });

  it('counts its question and the records of each section', () => {
    const builder = ask('a.org.');
    builder.record(SECTION_ANSWER, octets('a.org.'), TYPE_A, 1, 1, ADDRESS);
    builder.record(SECTION_AUTHORITY, octets('org.'), 2, 1, 2, octets('ns.org.'));
    builder.record(SECTION_ADDITIONAL, octets('ns.org.'), TYPE_A, 1, 0xffff_ffff, ADDRESS);
    builder.record(SECTION_ADDITIONAL, octets('.'), 65_280, 3, 4, octets());
    const message = builder.finish();
    expect([0, 1, 2, 3].map((section) => readCount(message, section))).toEqual([1, 1, 1, 2]);
    expect(listQuestions(message)).toEqual(['a.org. IN A']);
    expect(listRecords(message)).toEqual([
      'answer a.org. 1 IN A c0000201',
      `authority org. 2 IN NS ${Buffer.from(octets('ns.org.')).toString('hex')}`,
      'additional ns.org. 4294967295 IN A c0000201',
      'additional . 4 CH TYPE65280',
    ]);
  });

  it('grows as it has to', () => {
    const builder = new MessageBuilder(QR, 0).question(octets('a.'), 10, 1);
    builder.record(SECTION_ANSWER, octets('a.'), 10, 1, 1, new Uint8Array(5000).fill(7));
    expect(builder.finish()).toHaveLength(12 + 7 + 12 + 5000);
    expect(listRecords(builder.finish())).toEqual([`answer a. 1 IN NULL ${'07'.repeat(5000)}`]);
  });

  it('is read by dns2 as it was meant', () => {
    const builder = ask('www.example.org.');
    builder.record(SECTION_ANSWER, octets('www.example.org.'), 5, 1, 9, octets('b.example.org.'));
    builder.record(SECTION_ANSWER, octets('b.example.org.'), 1, 1, 8, ADDRESS);
    builder.record(
      SECTION_AUTHORITY,
      octets('example.org.'),
      6,
      1,
      7,
      octets('ns.example.org.', 'host.example.org.', uint32(1), uint32(2), uint32(3), uint32(4), uint32(5)),
    );
    const packet = Packet.parse(Buffer.from(builder.finish()));
    expect(packet.errors).toEqual([]);
    expect(packet.answers).toMatchObject([
      { name: 'www.example.org', type: 5, ttl: 9, domain: 'b.example.org' },
      { name: 'b.example.org', type: 1, ttl: 8, address: '192.0.2.1' },
    ]);
    expect(packet.authorities).toMatchObject([
      { name: 'example.org', primary: 'ns.example.org', admin: 'host.example.org', serial: 1, minimum: 5 },
    ]);
  });
});

describe('compression of owners', () => {
  it.each([
    ["the question's own name", 'www.a.', 'www.a.', 'c0 0c'],
    ['a name above it', 'www.a.', 'a.', 'c0 10'],
    ['a name below it', 'www.a.', 'x.www.a.', '01 78 c0 0c'],
    ['a name beside it', 'www.a.', 'x.a.', '01 78 c0 10'],
    ['a name with nothing in common', 'www.a.', 'b.', '01 62 00'],
    ['the root: a pointer would be longer', 'www.a.', '.', '00'],
    ['the root as the question', '.', '.', '00'],
    ['a name whose last labels are the first of the question', 'www.a.', 'a.www.', '01 61 03 77 77 77 00'],
    ['a label that ends in the same octets', 'www.a.', 'xa.', '02 78 61 00'],
  ])('%s', (_what, asked, owner, written) => {
    expect(behindQuestion(answer(ask(asked), owner).finish(), asked)).toBe(`${written} ${TAIL}`);
  });

  it.each([
    ["the question's own name in another case goes back in the client's", 'www.a.', 'WWW.A.', 'c0 0c'],
    ['a name above it keeps its case', 'www.a.', 'A.', '01 41 00'],
    ['a name below it keeps its case', 'www.a.', 'x.WWW.A.', '01 78 c0 0c'],
    ['a name beside it keeps its case', 'www.a.', 'x.A.', '01 78 01 41 00'],
    ['letters of Latin-1 have no case', '\\228.', '\\196.', '01 c4 00'],
    ['"@" is not a case of "`"', '`.', '\\@.', '01 40 00'],
  ])('%s', (_what, asked, owner, written) => {
    expect(behindQuestion(answer(ask(asked), owner).finish(), asked)).toBe(`${written} ${TAIL}`);
  });

  it('points to owners of other records, in their own case', () => {
    const builder = answer(answer(answer(ask('q.'), 'x.Y.'), 'x.y.'), 'z.Y.');
    expect(behindQuestion(builder.finish(), 'q.')).toBe(
      `01 78 01 59 00 ${TAIL} 01 78 01 79 00 ${TAIL} 01 7a c0 15 ${TAIL}`,
    );
  });

  it('does not fold a question that is asked in capitals into other names', () => {
    const message = answer(answer(ask('WWW.Example.ORG.'), 'www.example.org.'), 'example.org.').finish();
    expect(listRecords(message)).toEqual([
      'answer WWW.Example.ORG. 60 IN A c0000201',
      'answer example.org. 60 IN A c0000201',
    ]);
  });

  it('never points beyond what 14 bits reach', () => {
    // "far.example." starts at 0x3fff exactly, "further.example." one octet behind it.
    const start = 12 + 7 + 12;
    for (const [padding, pointedTo] of [
      [0x3fff - start, true],
      [0x4000 - start, false],
    ] as const) {
      const builder = ask('q.').record(SECTION_ANSWER, octets('q.'), 10, 1, 0, new Uint8Array(padding));
      answer(answer(builder, 'far.'), 'far.');
      const message = builder.finish();
      expect(messageIsSound(message, message.length, nameScratch())).toBe(true);
      expect(listRecords(message).slice(1)).toEqual([
        'answer far. 60 IN A c0000201',
        'answer far. 60 IN A c0000201',
      ]);
      const last = hex(message.subarray(start + padding + 5 + 14));
      expect(last).toBe(pointedTo ? `ff ff ${TAIL}` : `03 66 61 72 00 ${TAIL}`);
    }
  });
});

const filler = (builder: MessageBuilder, section: number, length: number): MessageBuilder =>
  builder.record(section, octets('a.'), 10, 1, 1, new Uint8Array(length));
/** Octets of a record of `filler` beside its RDATA. */
const REST = 12;

describe('names that each stand on the one before', () => {
  const owners = Array.from({ length: 100 }, (_, index) => `${'a.'.repeat(index + 1)}org.`);
  const builder = ask('org.');
  for (const owner of owners) answer(builder, owner);
  const message = builder.finish();

  it('are followed by ten pointers at most', () => {
    let offset = 12 + octets('org.').length + 4;
    for (const owner of owners) {
      expect(pointersFrom(message, offset), owner).toBeLessThanOrEqual(10);
      offset = skipName(message, offset, message.length) + 14;
    }
    expect(offset).toBe(message.length);
  });

  it('stay what they are, and short', () => {
    expect(messageIsSound(message, message.length, nameScratch())).toBe(true);
    expect(listRecords(message)).toEqual(owners.map((owner) => `answer ${owner} 60 IN A c0000201`));
    // A label, a pointer and the rest of the record; each eleventh name is written from a shorter one.
    expect(message.length).toBeLessThan(100 * (2 + 2 + 14) + 10 * 2 * 100);
  });
});

/** How often a reader of the name jumps. */
function pointersFrom(message: Uint8Array, offset: number): number {
  for (let count = 0, at = offset; ;) {
    const length = message[at];
    if (length === 0) return count;
    if (length < 0xc0) at += length + 1;
    else {
      at = ((length & 0x3f) << 8) | message[at + 1];
      count++;
    }
  }
}

describe('a message that would be too long', () => {
  it('may have 65,535 octets', () => {
    const builder = filler(ask('a.'), SECTION_ANSWER, MAX_MESSAGE_OCTETS - 19 - REST);
    expect(builder.overflowed).toBe(false);
    expect(builder.finish()).toHaveLength(65_535);
  });

  it('goes without the record that is one octet too long, and says TC (RFC 2181 section 9)', () => {
    const builder = filler(
      filler(ask('a.'), SECTION_ANSWER, 60_000),
      SECTION_ANSWER,
      65_536 - 19 - 60_000 - 2 * REST,
    );
    const message = builder.finish();
    expect(builder.overflowed).toBe(true);
    expect(message).toHaveLength(19 + REST + 60_000);
    expect(readFlags(message)).toBe(QR | AA | TC);
    expect(listRecords(message)).toHaveLength(1);
  });

  it('takes no record behind the one that it had to leave out', () => {
    const builder = filler(filler(ask('a.'), SECTION_ANSWER, 60_000), SECTION_AUTHORITY, 6000);
    const message = answer(builder, 'a.').finish();
    expect(listRecords(message)).toHaveLength(1);
    expect(readFlags(message) & TC).toBe(TC);
  });

  it('does not say TC for additional records', () => {
    const builder = filler(filler(ask('a.'), SECTION_ANSWER, 60_000), SECTION_ADDITIONAL, 6000);
    expect(readFlags(builder.finish())).toBe(QR | AA);
    expect(builder.overflowed).toBe(true);
  });

  it('costs no more than what fits, however many records are offered', () => {
    const builder = ask('a.');
    const owner = nameFromText('b.');
    for (let number = 0; number < 100_000; number++) {
      builder.record(SECTION_ANSWER, owner, TYPE_A, 1, number, ADDRESS);
    }
    // The first owner is written in full, all others as pointers.
    const fitting = Math.floor((65_535 - 19 - 1) / 16);
    expect(readCount(builder.finish(), SECTION_ANSWER)).toBe(fitting);
  });
});

it('keeps classes and types of 16 bits', () => {
  const message = ask('a.').record(SECTION_ANSWER, octets('a.'), 65_535, 65_534, 0, uint16(0xc00c)).finish();
  expect(listRecords(message)).toEqual(['answer a. 0 CLASS65534 TYPE65535 c00c']);
});
