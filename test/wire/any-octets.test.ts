/**
 * What holds for any octets at all, of which most are no message: every reader says so or gives offsets inside, nothing is thrown, and
 * what stands behind the end of the message makes no difference.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askMessage } from '../../src/wire/ask-message.ts';
import { rebuildMessage, withoutOpt } from '../../src/wire/builder.ts';
import { classify } from '../../src/wire/classify.ts';
import { HEADER_OCTETS, QR } from '../../src/wire/header.ts';
import { MALFORMED, expandName, skipName, skipPlainName } from '../../src/wire/name.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { RECORD, RecordWalk, messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { hasQuestion } from '../../src/wire/same-question.ts';
import { SCREEN_READ, screenHeader } from '../../src/wire/screen.ts';
import { truncate } from '../../src/wire/truncate.ts';
import { findTtls, levelRrsets, smallestTtl } from '../../src/wire/ttl.ts';
import { arbitraryName } from './arbitrary-name.ts';
import { messageModel, write } from './arbitrary-message.ts';
import { hex, octets } from './raw-message.ts';

/** Octets that look like names: small lengths, pointers near by, and anything. */
const nameOctets = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 4 }).map((octet) => [octet]),
    fc.integer({ min: 0, max: 80 }).map((target) => [0xc0, target]),
    fc.integer({ min: 0, max: 255 }).map((octet) => [octet]),
  ),
  { maxLength: 60 },
);
const nameLike = nameOctets.map((parts) => octets(...parts.flat()));

const askedQuery = fc
  .record({ name: arbitraryName, type: fc.nat({ max: 0xffff }), edns: fc.boolean() })
  .map((asked) =>
    askMessage(
      { ...asked, class: 1 },
      { recursionDesired: true, checkingDisabled: false, dnssecOk: true, edns: asked.edns },
    ),
  );

/** A message with some of its octets changed and perhaps its end cut off. */
const damaged = fc
  .record({
    message: fc.oneof(
      messageModel.map((model) => write(model)),
      askedQuery,
    ),
    changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    cut: fc.oneof(fc.constant(0), fc.nat({ max: 40 })),
  })
  .map(({ message, changes, cut }) => {
    for (const [place, octet] of changes) message[place % message.length] = octet;
    return message.subarray(0, Math.max(0, message.length - cut));
  });

const anyOctets = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  nameLike.map((names) => octets(0, 1, 0, 0, 0, 1, 0, 3, 0, 1, 0, 1, names)),
  damaged,
);

function holds(seed: number, property: (bytes: Uint8Array) => void, numRuns = 400): void {
  fc.assert(fc.property(anyOctets, property), { seed, numRuns });
}

/** The same octets with other ones behind them: whoever reads over the end sees the difference. */
const twice = (bytes: Uint8Array): readonly Uint8Array[] => [
  octets(bytes, new Uint8Array(300).fill(0)),
  octets(bytes, new Uint8Array(300).fill(1)),
  bytes,
];

/** Asserts that the answer is the same whatever stands behind the end, and gives it. */
function sameFor<T>(bytes: Uint8Array, read: (message: Uint8Array, length: number) => T): T {
  const [first, ...others] = twice(bytes).map((message) => read(message, bytes.length));
  for (const other of others) expect(other).toEqual(first);
  return first;
}

const hasHeader = (bytes: Uint8Array): boolean => bytes.length >= HEADER_OCTETS;

describe('any octets', () => {
  it('are a name or not, at every offset', () => {
    fc.assert(
      fc.property(nameLike, fc.nat({ max: 60 }), (bytes, offset) => {
        for (const skip of [skipName, skipPlainName]) {
          const end = sameFor(bytes, (message, length) => skip(message, offset, length));
          if (end !== MALFORMED)
            expect(end > offset && end <= bytes.length && end - offset <= 256).toBe(true);
        }
        const expanded = sameFor(bytes, (message, length) => {
          const out = new Uint8Array(300).fill(0xee);
          const written = expandName(message, offset, length, out, 20);
          expect(out.subarray(0, 20).every((octet) => octet === 0xee)).toBe(true);
          return written === MALFORMED ? '' : hex(out.subarray(20, 20 + written));
        });
        if (expanded === '') return;
        const name = octets(...expanded.split(' ').map((octet) => Number.parseInt(octet, 16)));
        expect(name.length).toBeLessThanOrEqual(255);
        expect(skipPlainName(name, 0, name.length), 'a whole name').toBe(name.length);
        expect(skipName(bytes, offset, bytes.length)).not.toBe(MALFORMED);
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('are walked over to an end inside', () => {
    holds(2, (bytes) => {
      if (!hasHeader(bytes)) return;
      sameFor(bytes, (message, length) => {
        const walk = new RecordWalk();
        const offsets: number[] = [];
        if (!walk.start(message, length)) return offsets;
        while (walk.next() === RECORD) {
          expect(walk.ownerOffset).toBeLessThan(walk.ttlOffset);
          expect(walk.ttlOffset + 6).toBe(walk.rdataOffset);
          expect(walk.rdataOffset + walk.rdataLength).toBe(walk.nextOffset);
          expect(walk.nextOffset).toBeLessThanOrEqual(length);
          offsets.push(walk.nextOffset);
        }
        return offsets;
      });
    });
  });

  it('are a sound message or not', () => {
    let sound = 0;
    holds(3, (bytes) => {
      if (sameFor(bytes, (message, length) => messageIsSound(message, length, nameScratch()))) sound++;
    });
    expect(sound, 'some are').toBeGreaterThan(20);
  });

  it('are a query or not, with its question inside', () => {
    let readable = 0;
    holds(4, (bytes) => {
      const screened = sameFor(bytes, (message, length) => screenHeader(message, length));
      if (!hasHeader(bytes)) return;
      const fields = sameFor(bytes, (message, length) => {
        const query = new QueryMessage();
        const read = query.read(message, length);
        const { id, flags, nameLength, type, class: klass, hasOpt, udpSize, ednsVersion, dnssecOk } = query;
        return { read, id, flags, nameLength, type, klass, hasOpt, udpSize, ednsVersion, dnssecOk };
      });
      expect(HEADER_OCTETS + fields.nameLength).toBeLessThanOrEqual(bytes.length);
      expect(fields.nameLength).toBeLessThanOrEqual(255);
      expect(fields.udpSize).toBeGreaterThanOrEqual(512);
      if (fields.read && screened === SCREEN_READ) readable++;
    });
    expect(readable, 'some are').toBeGreaterThan(0);
  });

  it('are classified, and have TTLs inside', () => {
    holds(5, (bytes) => {
      if (!hasHeader(bytes)) return;
      const offsets = sameFor(bytes, (message, length) => [...findTtls(message, length)]);
      expect(offsets.every((offset) => offset + 4 <= bytes.length)).toBe(true);
      sameFor(bytes, (message) => smallestTtl(message, Uint16Array.from(offsets)));
      sameFor(bytes, (message, length) => {
        const copy = message.slice();
        levelRrsets(copy, length, Uint16Array.from(offsets));
        expect(Buffer.from(copy.subarray(length)), 'what stands behind').toEqual(
          Buffer.from(message.subarray(length)),
        );
        return Buffer.from(copy.subarray(0, length));
      });
      const { soaTtlOffset } = sameFor(bytes, (message, length) => classify(message, length));
      expect(soaTtlOffset + 4).toBeLessThanOrEqual(bytes.length);
      sameFor(bytes, (message, length) => hasQuestion(message, length, octets('a.'), 3, 1, 1));
    });
  });

  it('can be cut, stripped of an OPT and laid out anew without a throw', () => {
    holds(6, (bytes) => {
      if (!hasHeader(bytes)) return;
      sameFor(bytes, (message, length) => {
        const cut = message.slice();
        expect(truncate(cut, length, 100)).toBeLessThanOrEqual(length);
        return [hex(withoutOpt(message, length)), hex(rebuildMessage(message, length))];
      });
    });
  });

  it('give a sound message without OPT when they are a sound one', () => {
    const scratch = nameScratch();
    holds(7, (bytes) => {
      if (!messageIsSound(bytes, bytes.length, scratch)) return;
      for (const result of [withoutOpt(bytes, bytes.length), rebuildMessage(bytes, bytes.length)]) {
        expect(messageIsSound(result, result.length, scratch)).toBe(true);
        expect(result[2] & (QR >>> 8)).toBe(bytes[2] & (QR >>> 8));
      }
    });
  });
});
