import { describe, expect, it } from 'vitest';
import { readUint32 } from '../../src/wire/header.ts';
import { TYPE_A, TYPE_AAAA, TYPE_OPT, TYPE_RRSIG } from '../../src/wire/registry.ts';
import { MAX_TTL_SECONDS, clampTtls, findTtls, levelRrsets, smallestTtl } from '../../src/wire/ttl.ts';
import { FIRST_RECORD, QNAME, hex, message, octets, pointer, record, uint16 } from './raw-message.ts';
import type { RecordSpec } from './raw-message.ts';

const find = (bytes: Uint8Array): Uint16Array => findTtls(bytes, bytes.length);
const ttlsOf = (bytes: Uint8Array): number[] =>
  Array.from(find(bytes), (offset) => readUint32(bytes, offset));
const withTtls = (...ttls: number[]): Uint8Array =>
  message({ answer: ttls.map((ttl, index) => record({ owner: `n${index}.`, ttl })) });
const opt = record({ owner: '.', type: TYPE_OPT, class: 1232, ttl: 0x8000, rdata: octets() });

const signature = (covered: number, ttl: number): RecordSpec => ({
  type: TYPE_RRSIG,
  ttl,
  rdata: octets(uint16(covered), new Uint8Array(16), 'org.'),
});

function levelled(...answer: readonly RecordSpec[]): number[] {
  const bytes = message({ answer: answer.map((spec) => record(spec)) });
  levelRrsets(bytes, bytes.length, find(bytes));
  return ttlsOf(bytes);
}

describe('finding TTLs', () => {
  it('finds those of every section in order, and none of an OPT (RFC 6891 section 6.1.3)', () => {
    const bytes = message({
      answer: [record({ ttl: 1 })],
      authority: [record({ ttl: 2 })],
      additional: [record({ ttl: 3 }), opt, record({ ttl: 4 })],
    });
    expect(ttlsOf(bytes)).toEqual([1, 2, 3, 4]);
    expect(find(bytes)[0]).toBe(FIRST_RECORD + 6);
  });

  it('finds none where there is none', () => {
    expect(find(message())).toHaveLength(0);
    expect(find(message({ additional: [opt] }))).toHaveLength(0);
    expect(find(message({ question: octets() }))).toHaveLength(0);
    expect(findTtls(octets(), 0)).toHaveLength(0);
  });

  it('finds one that stands at the far end of the largest message', () => {
    const filler = record({ type: 10, rdata: new Uint8Array(65_535 - FIRST_RECORD - 12 - 12) });
    const bytes = message({ answer: [filler, record({ type: 10, ttl: 9, rdata: octets() })] });
    expect(bytes).toHaveLength(65_535);
    expect(ttlsOf(bytes)).toEqual([300, 9]);
  });
});

describe('the smallest TTL', () => {
  it.each([
    [[], undefined],
    [[7], 7],
    [[7, 3, 9], 3],
    [[0, 5], 0],
    [[0xffff_ffff, 0x8000_0000], 0x8000_0000],
  ])('of %j is %s', (ttls, smallest) => {
    const bytes = withTtls(...ttls);
    expect(smallestTtl(bytes, find(bytes))).toBe(smallest);
  });
});

describe('clamping', () => {
  it.each([
    ['under the minimum', 4, 5],
    ['the minimum', 5, 5],
    ['between', 6, 6],
    ['the maximum', 100, 100],
    ['over the maximum', 101, 100],
    ['0', 0, 5],
    ['the top bit: large, then capped (RFC 8767 section 4)', 0x8000_0000, 100],
    ['all bits', 0xffff_ffff, 100],
  ])('%s', (_what, ttl, clamped) => {
    const bytes = withTtls(ttl, ttl);
    clampTtls(bytes, find(bytes), 5, 100);
    expect(ttlsOf(bytes)).toEqual([clamped, clamped]);
  });

  it('lets the maximum win over a larger minimum', () => {
    const bytes = withTtls(1, 50);
    clampTtls(bytes, find(bytes), 20, 10);
    expect(ttlsOf(bytes)).toEqual([10, 10]);
  });

  it('caps at a week', () => {
    const bytes = withTtls(0xffff_ffff);
    clampTtls(bytes, find(bytes), 0, MAX_TTL_SECONDS);
    expect(ttlsOf(bytes)).toEqual([7 * 24 * 3600]);
  });

  it('changes TTLs and nothing else', () => {
    const bytes = message({ answer: [record({ ttl: 9 })], additional: [opt] });
    const wanted = message({ answer: [record({ ttl: 5 })], additional: [opt] });
    clampTtls(bytes, find(bytes), 0, 5);
    expect(hex(bytes)).toBe(hex(wanted));
  });
});

describe('levelling RRsets (RFC 2181 section 5.2)', () => {
  it('gives each record the smallest TTL of its RRset', () => {
    expect(levelled({ ttl: 300 }, { ttl: 30 }, { ttl: 60 })).toEqual([30, 30, 30]);
  });

  it('leaves equal ones as they are', () => {
    expect(levelled({ ttl: 300 }, { ttl: 300 })).toEqual([300, 300]);
    expect(levelled({ ttl: 300 })).toEqual([300]);
    expect(levelled()).toEqual([]);
  });

  it('keeps RRsets apart that stand in between each other', () => {
    expect(
      levelled(
        { owner: 'a.', ttl: 10 },
        { owner: 'b.', ttl: 20 },
        { owner: 'a.', ttl: 5 },
        { owner: 'b.', ttl: 30 },
        { owner: 'c.', ttl: 1 },
      ),
    ).toEqual([5, 20, 5, 20, 1]);
  });

  it('tells types and classes apart', () => {
    const type = levelled({ type: TYPE_A, ttl: 10 }, { type: TYPE_AAAA, ttl: 5, rdata: new Uint8Array(16) });
    expect(type).toEqual([10, 5]);
    expect(levelled({ class: 1, ttl: 10 }, { class: 3, ttl: 5 })).toEqual([10, 5]);
  });

  it('tells sections apart', () => {
    const bytes = message({ answer: [record({ ttl: 9 })], additional: [record({ ttl: 3 })] });
    levelRrsets(bytes, bytes.length, find(bytes));
    expect(ttlsOf(bytes)).toEqual([9, 3]);
  });

  it('knows a name however it is written: other case, behind a pointer, in full', () => {
    expect(
      levelled(
        { owner: QNAME, ttl: 9 },
        { owner: 'WWW.example.ORG.', ttl: 7 },
        { owner: octets(3, Buffer.from('wWw'), pointer(16)), ttl: 8 },
      ),
    ).toEqual([7, 7, 7]);
  });

  it('takes the top bit for large', () => {
    expect(levelled({ ttl: 0xffff_ffff }, { ttl: 60 })).toEqual([60, 60]);
  });

  it('does not take signatures over different types for one RRset (RFC 4034 section 3)', () => {
    expect(levelled(signature(6, 30), signature(47, 3600), signature(6, 40))).toEqual([30, 3600, 30]);
  });

  it('leaves an OPT alone, whose flags stand where others have a TTL', () => {
    const bytes = message({
      answer: [record({ ttl: 9 }), record({ ttl: 3 })],
      additional: [opt, record({ owner: '.', type: TYPE_OPT, class: 1232, ttl: 0, rdata: octets() })],
    });
    levelRrsets(bytes, bytes.length, find(bytes));
    const wanted = message({
      answer: [record({ ttl: 3 }), record({ ttl: 3 })],
      additional: [opt, record({ owner: '.', type: TYPE_OPT, class: 1232, ttl: 0, rdata: octets() })],
    });
    expect(hex(bytes)).toBe(hex(wanted));
  });
});
