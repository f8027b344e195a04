import { describe, expect, it } from 'vitest';
import { QR, RD, TC, readFlags } from '../../src/wire/header.ts';
import { truncate } from '../../src/wire/truncate.ts';
import { listQuestions, listRecords } from './list-records.ts';
import type { MessageSpec, RecordSpec } from './raw-message.ts';
import { FIRST_RECORD, QNAME, QUESTION, hex, message, octets, record } from './raw-message.ts';

/** Every record in these messages takes 16 octets. */
const RECORD_OCTETS = 16;
/** A record that can carry its number, since RDATA of this type may be anything. */
const numbered = (owner: string, number: number, spec: RecordSpec = {}): Uint8Array =>
  record({ owner: octets(1, Buffer.from(owner), QNAME), type: 65_281, rdata: octets(number, 0), ...spec });
const rows = (owner: string, ...numbers: number[]): Uint8Array[] =>
  numbers.map((number) => numbered(owner, number));

interface Cut {
  readonly length: number;
  readonly truncated: boolean;
  readonly records: string[];
}

/** What is left: `section number` of each record. */
function cut(spec: MessageSpec, limit: number): Cut {
  const bytes = message({ flags: QR | RD, ...spec });
  const length = truncate(bytes, bytes.length, limit);
  const rest = bytes.subarray(0, length);
  expect(listQuestions(rest)).toEqual(['www.example.org. IN A']);
  expect(readFlags(rest) & ~TC, 'other flags').toBe(QR | RD);
  return {
    length,
    truncated: (readFlags(rest) & TC) !== 0,
    records: listRecords(rest).map(
      (line) => `${line.split(' ')[0]} ${Number.parseInt(line.slice(-4, -2), 16)}`,
    ),
  };
}

const octetsFor = (records: number): number => FIRST_RECORD + records * RECORD_OCTETS;
const THREE = { answer: rows('a', 1, 2, 3) };
const ALL = {
  answer: rows('a', 1, 2),
  authority: rows('b', 3),
  additional: [...rows('c', 4, 5), ...rows('d', 6)],
};

describe('truncation', () => {
  it('leaves a message that fits exactly, octet for octet', () => {
    const bytes = message(ALL);
    const before = hex(bytes);
    expect(truncate(bytes, bytes.length, bytes.length)).toBe(bytes.length);
    expect(hex(bytes)).toBe(before);
  });

  it.each([
    ['one octet less than all: the last record goes', octetsFor(3) - 1, 2],
    ['exactly two records', octetsFor(2), 2],
    ['one octet less than two', octetsFor(2) - 1, 1],
    ['exactly one', octetsFor(1), 1],
    ['one octet less than one', octetsFor(1) - 1, 0],
    ['the question alone', octetsFor(0), 0],
  ])('cuts answers at the border of a record: %s', (_what, limit, kept) => {
    expect(cut(THREE, limit)).toEqual({
      length: octetsFor(kept),
      truncated: true,
      records: ['answer 1', 'answer 2', 'answer 3'].slice(0, kept),
    });
  });

  it('keeps the question even where nothing fits', () => {
    expect(cut(THREE, 12)).toEqual({ length: octetsFor(0), truncated: true, records: [] });
  });

  it('says TC when an authority record is lost', () => {
    expect(cut(ALL, octetsFor(3) - 1)).toEqual({
      length: octetsFor(2),
      truncated: true,
      records: ['answer 1', 'answer 2'],
    });
  });

  it.each([
    ['the last RRset', octetsFor(6) - 1, 5],
    ['an RRset of which one record would have fitted (RFC 2181 section 9)', octetsFor(4), 3],
    ['an RRset of which all but one octet would have fitted', octetsFor(5) - 1, 3],
    ['all of it', octetsFor(3), 3],
  ])('does not say TC when additional records alone are lost: %s', (_what, limit, kept) => {
    expect(cut(ALL, limit)).toEqual({
      length: octetsFor(kept),
      truncated: false,
      records: ['answer 1', 'answer 2', 'authority 3', 'additional 4', 'additional 5'].slice(0, kept),
    });
  });

  it('knows an RRset by owner whatever its case, type and class', () => {
    const mixed = [...rows('c', 1), ...rows('C', 2), ...rows('c', 3)];
    expect(cut({ additional: mixed }, octetsFor(2)).records).toEqual([]);
    for (const other of [numbered('c', 2, { type: 65_282 }), numbered('c', 2, { class: 3 })]) {
      expect(cut({ additional: [...rows('c', 1), other] }, octetsFor(1)).records).toEqual(['additional 1']);
    }
  });

  it('does not take an answer and an additional record for one RRset', () => {
    expect(cut({ answer: rows('a', 1), additional: rows('a', 2) }, octetsFor(1))).toMatchObject({
      records: ['answer 1'],
      truncated: false,
    });
  });

  it('keeps a TC that is there', () => {
    expect(cut({ ...ALL, flags: QR | RD | TC }, octetsFor(5)).truncated).toBe(true);
  });

  it('does not say TC for octets behind the last record', () => {
    expect(cut({ ...THREE, trailing: octets(1, 2, 3) }, octetsFor(3))).toMatchObject({
      length: octetsFor(3),
      truncated: false,
    });
  });

  it('leaves what it cannot read', () => {
    const bytes = message({ question: QUESTION.subarray(0, -1) });
    const before = hex(bytes);
    expect(truncate(bytes, bytes.length, 20)).toBe(bytes.length);
    expect(hex(bytes)).toBe(before);
  });
});
