/**
 * Work grows with the size of a message, whatever stands in it. For each of the shapes that make a careless reader slow, processor time is
 * taken at a size and at four times the size. Only gross growth counts: four times the size may take up to twelve times as long.
 */
import { rebuildMessage, withoutOpt } from '../../src/wire/builder.ts';
import { classify } from '../../src/wire/classify.ts';
import { RD } from '../../src/wire/header.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { TYPE_OPT } from '../../src/wire/registry.ts';
import { truncate } from '../../src/wire/truncate.ts';
import { findTtls, levelRrsets } from '../../src/wire/ttl.ts';
import { QNAME, label, message, octets, pointer, record, uint16 } from '../wire/raw-message.ts';

export const SMALL_OCTETS = 16_000;
/** For shapes that grow only as far as pointers reach: four times this is all of it. */
const SMALL_POINTED_OCTETS = 4_000;
export const TIMES = 4;
/** A quadratic reader takes 16 times as long for four times the size; the rest is room for a busy machine. */
const MOST_GROWTH = 12;
const MEASUREMENTS = 5;
/** What looks steep is measured again: a burst of other work on the machine passes, a quadratic reader stays. */
const MOST_ATTEMPTS = 4;
/** A measurement is repeated until it takes at least this long: the clock of the processor is not exact below. */
const LEAST_MICROSECONDS = 6_000;

export interface Growth {
  readonly shape: string;
  readonly work: string;
  /** Processor time at the large size over that at the small one. */
  readonly ratio: number;
}

export type Shape = readonly [name: string, (sizeOctets: number) => Uint8Array, smallOctets?: number];
export type Work = readonly [name: string, (message: Uint8Array) => void];

/** As many records as fit, each made from its number and the place where it will stand. */
function fill(sizeOctets: number, make: (index: number, offset: number) => Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  let offset = 33;
  for (let index = 0; ; index++) {
    const next = make(index, offset);
    if (offset + next.length > sizeOctets) return records;
    records.push(next);
    offset += next.length;
  }
}

const answers = (sizeOctets: number, make: (index: number, offset: number) => Uint8Array): Uint8Array =>
  message({ answer: fill(sizeOctets, make) });
const NOTHING = octets();
const numberLabel = (index: number): Uint8Array =>
  octets(4, Buffer.from(index.toString(16).padStart(4, '0')));

/** What makes a careless reader slow. Each makes a message of at most so many octets. */
export const SHAPES: readonly Shape[] = [
  [
    'many tiny records',
    (size) => answers(size, (index) => record({ type: 65_280, ttl: index, rdata: NOTHING })),
  ],
  [
    'many owners',
    (size) => answers(size, (index) => record({ owner: octets(numberLabel(index), QNAME), ttl: index })),
  ],
  [
    'names that point to the name before, 38 deep and again',
    (size) =>
      answers(size, (index, offset) =>
        record({
          owner: octets(1, 0x61, index % 38 === 0 || offset > 0x3fff ? QNAME : pointer(offset - 18)),
          ttl: index,
        }),
      ),
  ],
  [
    'half a message of pointers to pointers, and owners at their end',
    (size) => {
      const chain = Array.from({ length: Math.floor(size / 4) }, (_, hop) =>
        pointer(hop === 0 ? 12 : 45 + 2 * (hop - 1)),
      );
      const first = record({ type: 65_280, rdata: octets(...chain) });
      const owner = pointer(45 + 2 * (chain.length - 1));
      return answers(size, (index) =>
        index === 0 ? first : record({ owner, type: 65_280, rdata: NOTHING, ttl: index }),
      );
    },
    SMALL_POINTED_OCTETS,
  ],
  [
    'owners of 127 labels',
    (size) =>
      answers(size, (index) =>
        record({
          owner: octets(numberLabel(index), ...Array.from({ length: 110 }, () => label(1)), QNAME),
          ttl: index,
        }),
      ),
  ],
  [
    'targets of many labels, compressed where they must not be',
    (size) =>
      answers(size, (index) =>
        index === 0
          ? record({
              type: 33,
              rdata: octets(new Uint8Array(6), ...Array.from({ length: 110 }, () => label(1)), QNAME),
            })
          : record({ type: 33, rdata: octets(new Uint8Array(6), pointer(33 + 12 + 6)), ttl: index }),
      ),
  ],
  [
    'a chain of aliases',
    (size) =>
      answers(size, (index) =>
        record({
          owner: index === 0 ? QNAME : numberName(index),
          type: 5,
          rdata: numberName(index + 1),
          ttl: index,
        }),
      ),
  ],
  ['texts of many strings', (size) => answers(size, () => record({ type: 16, rdata: new Uint8Array(1000) }))],
  [
    'many OPTs',
    (size) =>
      message({ additional: fill(size, () => record({ owner: '.', type: TYPE_OPT, rdata: NOTHING })) }),
  ],
  [
    'many options',
    (size) =>
      message({
        flags: RD,
        additional: [
          record({
            owner: '.',
            type: TYPE_OPT,
            rdata: octets(
              ...Array.from({ length: Math.floor((size - 50) / 4) }, () => octets(uint16(3), uint16(0))),
            ),
          }),
        ],
      }),
  ],
  [
    'counts that lie',
    (size) => message({ counts: [1, 65_535, 65_535, 65_535], answer: fill(size, () => record({ ttl: 1 })) }),
  ],
];

function numberName(index: number): Uint8Array {
  return octets(numberLabel(index), pointer(16));
}

const query = new QueryMessage();
/** What is done with messages of others. */
export const WORKS: readonly Work[] = [
  ['reading a query', (bytes) => void query.read(bytes, bytes.length)],
  ['soundness', (bytes) => void messageIsSound(bytes, bytes.length, nameScratch())],
  ['taking the OPT off', (bytes) => void withoutOpt(bytes, bytes.length)],
  ['laying out anew', (bytes) => void rebuildMessage(bytes, bytes.length)],
  ['classifying', (bytes) => void classify(bytes, bytes.length)],
  ['levelling TTLs', (bytes) => levelRrsets(bytes.slice(), bytes.length, findTtls(bytes, bytes.length))],
  ['truncating', (bytes) => void truncate(bytes.slice(), bytes.length, bytes.length - 1)],
];

/** Every shape under every work, the steepest growth first. Takes some seconds. */
export function measureGrowth(): Growth[] {
  return SHAPES.flatMap(([shape, make, smallOctets = SMALL_OCTETS]) => {
    const [small, large] = [make(smallOctets), make(smallOctets * TIMES)];
    return WORKS.map(([work, run]) => {
      let ratio = growth(run, small, large);
      for (let attempt = 1; ratio >= MOST_GROWTH && attempt < MOST_ATTEMPTS; attempt++) {
        ratio = Math.min(ratio, growth(run, small, large));
      }
      return { shape, work, ratio };
    });
  }).toSorted((a, b) => b.ratio - a.ratio);
}

/** Those that grow more than work in proportion to size could, by any chance of the machine. */
export const steepGrowth = (growths: readonly Growth[]): Growth[] =>
  growths.filter(({ ratio }) => ratio >= MOST_GROWTH);

function growth(run: (message: Uint8Array) => void, small: Uint8Array, large: Uint8Array): number {
  // As many repetitions for the one as for the other, so that fixed costs count the same.
  let repetitions = 1;
  while (microseconds(run, large, repetitions) < LEAST_MICROSECONDS) repetitions *= 2;
  return medianOf(run, large, repetitions) / Math.max(1, medianOf(run, small, repetitions));
}

function medianOf(run: (message: Uint8Array) => void, bytes: Uint8Array, repetitions: number): number {
  const times = Array.from({ length: MEASUREMENTS }, () => microseconds(run, bytes, repetitions));
  return times.toSorted((a, b) => a - b)[MEASUREMENTS >> 1];
}

function microseconds(run: (message: Uint8Array) => void, bytes: Uint8Array, repetitions: number): number {
  const before = process.cpuUsage();
  for (let left = repetitions; left > 0; left--) run(bytes);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
