/**
 * Work grows with the size of a message and no faster, whatever stands in it: chains of pointers, tiny records, options, labels. Counted
 * and not timed: how many octets each reader looks at, for a message and for one of four times its size.
 */
import { describe, expect, it } from 'vitest';
import { RD } from '../../src/wire/header.ts';
import { MALFORMED, expandName, skipName } from '../../src/wire/name.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { FrameReader, frame } from '../../src/wire/frames.ts';
import { nameScratch } from '../../src/wire/records.ts';
import { TYPE_OPT } from '../../src/wire/registry.ts';
import { SHAPES, SMALL_OCTETS, TIMES, WORKS } from '../fuzz/work.ts';
import type { Work } from '../fuzz/work.ts';
import { countOctets } from './counted-octets.ts';
import { label, message, octets, pointer, question, record, uint16 } from './raw-message.ts';

/** Room for what does not come out even at the end; a quadratic reader is four times as far off. */
const MOST_GROWTH = 1.1 * TIMES;
/** For headers, and for what is looked at once. */
const FIXED_READS = 600;
/**
 * Octets looked at for each octet of the message, at most (19 were seen): two octets of a record may stand for a name of 255, and a work
 * may follow it more than once.
 */
const MOST_READS_PER_OCTET = 24;

function readsOf([, run]: Work, bytes: Uint8Array): number {
  const { octets: counted, reads } = countOctets(bytes);
  run(counted);
  return reads();
}

const ROWS = SHAPES.map(([shape, make, octetsOfSmall = SMALL_OCTETS]) => ({ shape, make, octetsOfSmall }));

describe.each(WORKS)('%s', (...work) => {
  it.each(ROWS)('costs the same for each octet of $shape', ({ make, octetsOfSmall }) => {
    const [small, large] = [make(octetsOfSmall), make(octetsOfSmall * TIMES)];
    const [few, many] = [readsOf(work, small), readsOf(work, large)];
    expect(many).toBeLessThanOrEqual(MOST_GROWTH * few + FIXED_READS);
    expect(many).toBeLessThanOrEqual(MOST_READS_PER_OCTET * large.length + FIXED_READS);
  });
});

/** A message of nothing but pointers, each to the one before, and where the last one stands. */
function chainOf(hops: number): { readonly bytes: Uint8Array; readonly last: number } {
  const pointers = Array.from({ length: hops }, (_, hop) => pointer(hop === 0 ? 12 : 13 + 2 * (hop - 1)));
  return { bytes: message({ question: octets(0, ...pointers) }), last: 13 + 2 * (hops - 1) };
}

/** Octets looked at until the name at the end of such a chain is given up. */
function readsOfChain(hops: number): number {
  const { bytes, last } = chainOf(hops);
  const { octets: counted, reads } = countOctets(bytes);
  expect(expandName(counted, last, bytes.length, nameScratch(), 0)).toBe(MALFORMED);
  return reads();
}

describe('one name', () => {
  it('is followed over so many pointers and no more, however many there are', () => {
    expect(readsOfChain(200)).toBeLessThan(300);
    expect(readsOfChain(8_000)).toBe(readsOfChain(200));
  });

  it('that points to itself, or forward, costs a few octets', () => {
    const bytes = message({ question: octets(pointer(12), 0, 1, 0, 1) });
    const { octets: counted, reads } = countOctets(bytes);
    expect(expandName(counted, 12, bytes.length, nameScratch(), 0)).toBe(MALFORMED);
    expect(reads()).toBeLessThan(10);
  });

  it('of endless labels is given up at 255 octets', () => {
    const bytes = octets(new Uint8Array(12), ...Array.from({ length: 30_000 }, () => label(1)), 0);
    const { octets: counted, reads } = countOctets(bytes);
    expect(skipName(counted, 12, bytes.length)).toBe(MALFORMED);
    expect(expandName(counted, 12, bytes.length, nameScratch(), 0)).toBe(MALFORMED);
    expect(reads()).toBeLessThan(3 * 256);
  });
});

function queryWithOptions(count: number, octetsEach = 0): Uint8Array {
  const options = Array.from({ length: count }, (_, index) =>
    octets(uint16(index % 70), uint16(octetsEach), new Uint8Array(octetsEach)),
  );
  return message({
    flags: RD,
    question: question('a.example.'),
    additional: [record({ owner: '.', type: TYPE_OPT, class: 1232, ttl: 0, rdata: octets(...options) })],
  });
}

function readsOfQuery(bytes: Uint8Array): number {
  const { octets: counted, reads } = countOctets(bytes);
  expect(new QueryMessage().read(counted, bytes.length)).toBe(true);
  return reads();
}

describe('a query', () => {
  it('is looked at four octets for each option, whatever is in them', () => {
    const [none, few, many] = [0, 2_000, 16_000].map((count) => readsOfQuery(queryWithOptions(count)));
    expect(few - none).toBeLessThanOrEqual(2_000 * 4);
    expect(many - none).toBe(8 * (few - none));
    expect(readsOfQuery(queryWithOptions(100, 600)) - none).toBeLessThanOrEqual(100 * 4);
  });
});

describe('a stream', () => {
  it('that comes octet by octet has each octet copied once', () => {
    const reader = new FrameReader();
    const long = frame(new Uint8Array(60_000).fill(7));
    let [reads, messages] = [0, 0];
    for (const octet of long) {
      const counted = countOctets(Uint8Array.of(octet));
      reader.feed(counted.octets, (received) => {
        messages++;
        expect(received).toHaveLength(60_000);
      });
      reads += counted.reads();
    }
    expect(messages).toBe(1);
    expect(reads).toBeLessThanOrEqual(long.length);
  });

  it('of many messages in one chunk has their lengths read and nothing else', () => {
    const stream = octets(...Array.from({ length: 4_000 }, () => frame(new Uint8Array(14))));
    const counted = countOctets(stream);
    let messages = 0;
    new FrameReader().feed(counted.octets, () => messages++);
    expect(messages).toBe(4_000);
    expect(counted.reads()).toBe(2 * 4_000);
  });
});

it('the count is of every look, through views and copies too', () => {
  const { octets: counted, reads } = countOctets(Uint8Array.of(1, 2, 3, 4));
  expect(counted[0] + counted.subarray(1)[0]).toBe(3);
  expect(reads()).toBe(2);
  expect(counted.slice(2)[1]).toBe(4);
  expect(reads()).toBe(5);
  new Uint8Array(4).set(counted);
  expect(reads()).toBe(9);
});
