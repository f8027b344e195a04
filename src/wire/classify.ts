/**
 * What kind of answer a reply is, which decides whether and for how long it may be kept: RFC 2308 for the negative ones, CoreDNS's
 * `response.Typify` for the vocabulary. Differences from it, by RFC: the SOA's MINIMUM counts (RFC 2308 section 5), an empty NOERROR
 * without SOA is not kept, and NXDOMAIN behind a CNAME chain is an NXDOMAIN (RFC 2308 section 2.1).
 */
import {
  HEADER_OCTETS,
  OPCODE_QUERY,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  TC,
  opcodeOf,
  rcodeOf,
  readFlags,
  readUint16,
  readUint32,
} from './header.ts';
import { MALFORMED, expandName, foldInto, skipName } from './name.ts';
import { RECORD, RecordWalk, nameScratch } from './records.ts';
import {
  NOERROR,
  NOTIMP,
  NXDOMAIN,
  SERVFAIL,
  TYPE_ANY,
  TYPE_AXFR,
  TYPE_CNAME,
  TYPE_IXFR,
  TYPE_NS,
  TYPE_SOA,
} from './registry.ts';

/** NOERROR with records that answer the question. */
export const KIND_POSITIVE = 0;
/** NOERROR, no such type, told with an SOA (RFC 2308 section 2.2). */
export const KIND_NODATA = 1;
export const KIND_NXDOMAIN = 2;
/** NOERROR with NS records of another zone and no answer. */
export const KIND_DELEGATION = 3;
/** SERVFAIL or NOTIMP. */
export const KIND_FAILURE = 4;
/** Anything that must not be kept: other rcodes, zone transfers, truncated, denials without SOA. */
export const KIND_OTHER = 5;

export interface Classification {
  readonly kind: number;
  /** Denials only: where the TTL of the SOA stands, and the SOA's MINIMUM in seconds. */
  readonly soaTtlOffset: number;
  readonly soaMinimumSeconds: number;
}

const plain = (kind: number): Classification => ({ kind, soaTtlOffset: 0, soaMinimumSeconds: 0 });
const POSITIVE = plain(KIND_POSITIVE);
const DELEGATION = plain(KIND_DELEGATION);
const FAILURE = plain(KIND_FAILURE);
const OTHER = plain(KIND_OTHER);

/** Classifies a sound message with one question. */
export function classify(message: Uint8Array, length: number): Classification {
  const flags = readFlags(message);
  if (opcodeOf(flags) !== OPCODE_QUERY || (flags & TC) !== 0) return OTHER;
  const questionEnd = skipName(message, HEADER_OCTETS, length);
  if (questionEnd === MALFORMED || questionEnd + 4 > length) return OTHER;
  const type = readUint16(message, questionEnd);
  if (type === TYPE_AXFR || type === TYPE_IXFR) return OTHER;
  switch (rcodeOf(flags)) {
    case NOERROR:
      return classifyNoError(message, length, type);
    case NXDOMAIN:
      return denial(message, length, KIND_NXDOMAIN);
    case SERVFAIL:
    case NOTIMP:
      return FAILURE;
    default:
      return OTHER;
  }
}

function classifyNoError(message: Uint8Array, length: number, type: number): Classification {
  if (readUint16(message, 6) > 0 && answersQuestion(message, length, type)) return POSITIVE;
  const negative = denial(message, length, KIND_NODATA);
  if (negative !== OTHER) return negative;
  if (readUint16(message, 6) > 0) return OTHER;
  return hasNameServers(message, length) ? DELEGATION : OTHER;
}

/** A denial is kept only with the SOA that says for how long (RFC 2308 section 5). */
function denial(message: Uint8Array, length: number, kind: number): Classification {
  const walk = new RecordWalk();
  if (!walk.start(message, length)) return OTHER;
  while (walk.next() === RECORD) {
    // MINIMUM is the last 32 bits of the RDATA (RFC 1035 section 3.3.13).
    if (walk.section === SECTION_AUTHORITY && walk.type === TYPE_SOA && walk.rdataLength >= 22) {
      const soaMinimumSeconds = readUint32(message, walk.rdataOffset + walk.rdataLength - 4);
      return { kind, soaTtlOffset: walk.ttlOffset, soaMinimumSeconds };
    }
  }
  return OTHER;
}

function hasNameServers(message: Uint8Array, length: number): boolean {
  const walk = new RecordWalk();
  if (!walk.start(message, length)) return false;
  while (walk.next() === RECORD) {
    if (walk.section === SECTION_AUTHORITY && walk.type === TYPE_NS) return true;
  }
  return false;
}

/** Whether the answer section holds a record of the type at the end of the CNAME chain that starts at the question's name. */
function answersQuestion(message: Uint8Array, length: number, type: number): boolean {
  const walk = new RecordWalk();
  if (!walk.start(message, length)) return false;
  const first = walk.next() === RECORD && walk.section === SECTION_ANSWER;
  if (!first) return false;
  // The common case: the first record stands at the question's own name, told by a pointer to it.
  const atQuestion = readUint16(message, walk.ownerOffset) === 0xc000 + HEADER_OCTETS;
  if (type === TYPE_ANY || (atQuestion && walk.type === type)) return true;
  return chainAnswers(message, length, type);
}

function chainAnswers(message: Uint8Array, length: number, type: number): boolean {
  const scratch = nameScratch();
  const aliases = new Map<string, string>();
  const owners = new Set<string>();
  const walk = new RecordWalk();
  walk.start(message, length);
  while (walk.next() === RECORD && walk.section === SECTION_ANSWER) {
    const owner = foldedName(message, walk.ownerOffset, length, scratch);
    if (walk.type === type) owners.add(owner);
    if (walk.type === TYPE_CNAME) {
      aliases.set(owner, foldedName(message, walk.rdataOffset, length, scratch));
    }
  }
  let name: string | undefined = foldedName(message, HEADER_OCTETS, length, scratch);
  // Each alias is taken once, so a chain that loops ends.
  while (name !== undefined) {
    if (owners.has(name)) return true;
    const target: string | undefined = aliases.get(name);
    aliases.delete(name);
    name = target;
  }
  return false;
}

function foldedName(message: Uint8Array, offset: number, length: number, scratch: Uint8Array): string {
  const octets = expandName(message, offset, length, scratch, 0);
  if (octets === MALFORMED) return '';
  foldInto(scratch, 0, octets, scratch, 0);
  return Buffer.from(scratch.buffer, 0, octets).toString('latin1');
}
