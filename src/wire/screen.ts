/**
 * What becomes of a packet, judged by its 12 octets of header alone: dropped, refused or read. This is the first look at octets from the
 * network; everything behind it may rely on it.
 *
 * Stricter than CoreDNS in one point: NOTIFY is NOTIMP like every opcode but QUERY, since a cache has no zone to be notified of, and
 * what is not served must not be forwarded either (RFC 8906 section 3.1.4).
 */
import {
  HEADER_OCTETS,
  OPCODE_QUERY,
  QR,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  SECTION_QUESTION,
  opcodeOf,
  readCount,
  readFlags,
} from './header.ts';

export const SCREEN_READ = 0;
/** Silence: too short to be answered, or a response, which must never be answered lest two servers talk for ever. */
export const SCREEN_DROP = 1;
export const SCREEN_NOTIMP = 2;
export const SCREEN_FORMERR = 3;

/** More than any client sends: a query has one SOA in authority at most (IXFR), an OPT and a signature in additional. */
const MAX_ANSWERS = 1;
const MAX_AUTHORITIES = 1;
const MAX_ADDITIONALS = 2;

/** @returns one of the SCREEN_ constants for a message of `length` octets. */
export function screenHeader(message: Uint8Array, length: number): number {
  if (length < HEADER_OCTETS) return SCREEN_DROP;
  const flags = readFlags(message);
  if ((flags & QR) !== 0) return SCREEN_DROP;
  if (opcodeOf(flags) !== OPCODE_QUERY) return SCREEN_NOTIMP;
  // RFC 9619: a QUERY has exactly one question.
  if (readCount(message, SECTION_QUESTION) !== 1) return SCREEN_FORMERR;
  if (readCount(message, SECTION_ANSWER) > MAX_ANSWERS) return SCREEN_FORMERR;
  if (readCount(message, SECTION_AUTHORITY) > MAX_AUTHORITIES) return SCREEN_FORMERR;
  if (readCount(message, SECTION_ADDITIONAL) > MAX_ADDITIONALS) return SCREEN_FORMERR;
  return SCREEN_READ;
}
