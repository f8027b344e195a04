/**
 * A walk over the records of a message (RFC 1035 section 4.1.3) that touches each octet once and may stop early. The counts of the header
 * are taken as a limit of the walk, never as a size. RDATA is looked into only by `rdataIsSound`, for the types of the registry.
 */
import {
  HEADER_OCTETS,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_QUESTION,
  readCount,
  readUint16,
  readUint32,
} from './header.ts';
import { MALFORMED, MAX_NAME_OCTETS, expandName, skipName } from './name.ts';
import { recordType } from './registry.ts';

/** Type, class, TTL and RDLENGTH behind an owner name. */
export const RECORD_FIXED_OCTETS = 10;

/** What a step of the walk found. */
export const RECORD = 1;
export const END = 0;
// MALFORMED (-1) is the third.

/** Shared, since a walk is made for every look at a message. */
const NO_OCTETS = new Uint8Array(0);

export class RecordWalk {
  message: Uint8Array = NO_OCTETS;
  /** End of the message in octets. */
  end = 0;
  /** SECTION_ANSWER, SECTION_AUTHORITY or SECTION_ADDITIONAL of the record last found. */
  section = SECTION_ANSWER;
  ownerOffset = 0;
  type = 0;
  class = 0;
  /** Where the 32 bits of the TTL stand. */
  ttlOffset = 0;
  rdataOffset = 0;
  rdataLength = 0;
  /** Where the next record starts, or would. */
  nextOffset = 0;
  private left = 0;

  /**
   * Sets out on the records of a message of `length` octets, at least a header.
   * @returns false when the questions in front of the records cannot be read.
   */
  start(message: Uint8Array, length: number): boolean {
    this.message = message;
    this.end = length;
    let offset = HEADER_OCTETS;
    for (let left = readCount(message, SECTION_QUESTION); left > 0; left--) {
      offset = skipName(message, offset, length);
      if (offset === MALFORMED || offset + 4 > length) return false;
      offset += 4;
    }
    this.startAt(message, length, offset);
    return true;
  }

  /** Sets out on the records that begin at `offset`, behind questions that somebody has read already. */
  startAt(message: Uint8Array, length: number, offset: number): void {
    this.message = message;
    this.end = length;
    this.nextOffset = offset;
    this.section = SECTION_ANSWER;
    this.left = readCount(message, SECTION_ANSWER);
  }

  /** @returns RECORD with the fields set, END behind the last one, or MALFORMED. */
  next(): number {
    while (this.left === 0) {
      if (this.section === SECTION_ADDITIONAL) return END;
      this.section++;
      this.left = readCount(this.message, this.section);
    }
    this.left--;
    this.ownerOffset = this.nextOffset;
    const offset = skipName(this.message, this.nextOffset, this.end);
    if (offset === MALFORMED || offset + RECORD_FIXED_OCTETS > this.end) return MALFORMED;
    this.type = readUint16(this.message, offset);
    this.class = readUint16(this.message, offset + 2);
    this.ttlOffset = offset + 4;
    this.rdataLength = readUint16(this.message, offset + 8);
    this.rdataOffset = offset + RECORD_FIXED_OCTETS;
    this.nextOffset = this.rdataOffset + this.rdataLength;
    return this.nextOffset <= this.end ? RECORD : MALFORMED;
  }

  /** TTL in seconds as it stands, unsigned. */
  get ttlSeconds(): number {
    return readUint32(this.message, this.ttlOffset);
  }
}

/**
 * Walks the whole message: every name can be expanded, and RDATA of known types fills its length exactly (RFC 9267 sections 2 to 6).
 * Octets behind the last record are ignored. `scratch` has room for a name.
 */
export function messageIsSound(message: Uint8Array, length: number, scratch: Uint8Array): boolean {
  if (length < HEADER_OCTETS) return false;
  const walk = new RecordWalk();
  if (!walk.start(message, length) || !questionNamesAreSound(message, length, scratch)) return false;
  for (;;) {
    const step = walk.next();
    if (step !== RECORD) return step === END;
    if (expandName(message, walk.ownerOffset, length, scratch, 0) === MALFORMED) return false;
    if (!rdataIsSound(walk, scratch)) return false;
  }
}

/** Of questions that a walk could step over. */
function questionNamesAreSound(message: Uint8Array, length: number, scratch: Uint8Array): boolean {
  let offset = HEADER_OCTETS;
  for (let left = readCount(message, SECTION_QUESTION); left > 0; left--) {
    if (expandName(message, offset, length, scratch, 0) === MALFORMED) return false;
    offset = skipName(message, offset, length) + 4;
  }
  return true;
}

/** Whether the RDATA of the record under the walk has the shape that the registry gives its type; opaque types always have. */
export function rdataIsSound(walk: RecordWalk, scratch: Uint8Array): boolean {
  const layout = recordType(walk.type)?.layout ?? '*';
  const end = walk.rdataOffset + walk.rdataLength;
  let offset = walk.rdataOffset;
  for (let field = 0; field < layout.length; field++) {
    offset = skipField(layout[field], walk.message, offset, end, scratch);
    if (offset === MALFORMED) return false;
  }
  return offset === end;
}

/** Octets of the layout letters that have a fixed size. */
const FIXED_FIELDS: Readonly<Record<string, number>> = { '4': 4, '6': 16, b: 1, h: 2, w: 4 };

/** @returns the offset behind one field of RDATA, or MALFORMED. */
export function skipField(
  kind: string,
  message: Uint8Array,
  offset: number,
  end: number,
  scratch: Uint8Array,
): number {
  const fixed = FIXED_FIELDS[kind];
  if (fixed !== undefined) return offset + fixed <= end ? offset + fixed : MALFORMED;
  switch (kind) {
    case 'n': {
      const nameEnd = skipName(message, offset, end);
      if (nameEnd === MALFORMED) return MALFORMED;
      return expandName(message, offset, end, scratch, 0) === MALFORMED ? MALFORMED : nameEnd;
    }
    case 's':
      return skipString(message, offset, end);
    case 'S': {
      // At least one character-string (RFC 1035 section 3.3.14).
      do offset = skipString(message, offset, end);
      while (offset !== MALFORMED && offset < end);
      return offset;
    }
    default:
      return end;
  }
}

function skipString(message: Uint8Array, offset: number, end: number): number {
  if (offset >= end) return MALFORMED;
  const next = offset + 1 + message[offset];
  return next <= end ? next : MALFORMED;
}

/** Room for one expanded name. */
export const nameScratch = (): Uint8Array => new Uint8Array(MAX_NAME_OCTETS);
