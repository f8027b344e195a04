/**
 * TTLs of a message in wire form: where they stand, and what they come to. The cache patches them at these offsets and never looks at
 * the records again. An OPT has no TTL; its 32 bits are flags (RFC 6891 section 6.1.3).
 */
import {
  HEADER_OCTETS,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  readCount,
  readUint16,
  readUint32,
  writeUint32,
} from './header.ts';
import { isOpt } from './edns.ts';
import { MALFORMED, expandName, foldInto } from './name.ts';
import { RECORD, RECORD_FIXED_OCTETS, RecordWalk, nameScratch } from './records.ts';
import { TYPE_RRSIG } from './registry.ts';

/** RFC 2181 section 8 and RFC 8767 section 4: a TTL with the top bit set is large, then capped; nothing is kept over a week. */
export const MAX_TTL_SECONDS = 604_800;

/** Offsets of the TTLs of all records of a sound message, in wire order. */
export function findTtls(message: Uint8Array, length: number): Uint16Array {
  const walk = new RecordWalk();
  const offsets = new Uint16Array(recordCount(message, length));
  let found = 0;
  if (walk.start(message, length)) {
    while (walk.next() === RECORD) if (!isOpt(walk)) offsets[found++] = walk.ttlOffset;
  }
  return found === offsets.length ? offsets : offsets.slice(0, found);
}

/** Records that the header claims, as far as there is room for them. */
function recordCount(message: Uint8Array, length: number): number {
  const claimed =
    readCount(message, SECTION_ANSWER) +
    readCount(message, SECTION_AUTHORITY) +
    readCount(message, SECTION_ADDITIONAL);
  // The shortest record is owned by the root and has no RDATA.
  const room = Math.max(0, length - HEADER_OCTETS);
  return Math.min(claimed, Math.floor(room / (1 + RECORD_FIXED_OCTETS)));
}

/** The smallest TTL in seconds, or undefined for a message without records. */
export function smallestTtl(message: Uint8Array, offsets: Uint16Array): number | undefined {
  let smallest: number | undefined;
  for (const offset of offsets) {
    const ttl = readUint32(message, offset);
    if (smallest === undefined || ttl < smallest) smallest = ttl;
  }
  return smallest;
}

/** Raises every TTL to `minSeconds`, then lowers it to `maxSeconds`, which wins where they contradict, as in CoreDNS. */
export function clampTtls(
  message: Uint8Array,
  offsets: Uint16Array,
  minSeconds: number,
  maxSeconds: number,
): void {
  for (const offset of offsets) {
    const ttl = readUint32(message, offset);
    writeUint32(message, offset, Math.min(Math.max(ttl, minSeconds), maxSeconds));
  }
}

/**
 * Gives the records of each RRset the smallest TTL found in it (RFC 2181 section 5.2).
 * Costs nothing but one pass where all TTLs are equal already, as they mostly are.
 */
export function levelRrsets(message: Uint8Array, length: number, offsets: Uint16Array): void {
  if (offsets.length < 2 || allEqual(message, offsets)) return;
  const smallestOf = new Map<string, number>();
  forEachRrset(message, length, (rrset, walk) => {
    const known = smallestOf.get(rrset);
    const ttl = walk.ttlSeconds;
    if (known === undefined || ttl < known) smallestOf.set(rrset, ttl);
  });
  forEachRrset(message, length, (rrset, walk) => {
    writeUint32(message, walk.ttlOffset, smallestOf.get(rrset) ?? walk.ttlSeconds);
  });
}

function allEqual(message: Uint8Array, offsets: Uint16Array): boolean {
  const first = readUint32(message, offsets[0]);
  for (const offset of offsets) if (readUint32(message, offset) !== first) return false;
  return true;
}

function forEachRrset(
  message: Uint8Array,
  length: number,
  visit: (rrset: string, walk: RecordWalk) => void,
): void {
  const walk = new RecordWalk();
  const name = nameScratch();
  if (!walk.start(message, length)) return;
  while (walk.next() === RECORD) {
    if (isOpt(walk)) continue;
    const octets = expandName(message, walk.ownerOffset, length, name, 0);
    if (octets === MALFORMED) continue;
    foldInto(name, 0, octets, name, 0);
    const owner = Buffer.from(name.buffer, 0, octets).toString('latin1');
    visit(`${walk.section} ${walk.type} ${coveredType(walk)} ${walk.class} ${owner}`, walk);
  }
}

/** Signatures go with what they sign: those of one name over different types keep different TTLs (RFC 4034 section 3). */
const coveredType = (walk: RecordWalk): number =>
  walk.type === TYPE_RRSIG ? readUint16(walk.message, walk.rdataOffset) : 0;
