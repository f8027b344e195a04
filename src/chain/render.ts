/**
 * From an outcome to the octets that the client gets: id, flags, the question in the client's own case, TTLs counted down, and an OPT if
 * and only if the query had one, all within the client's size. The shared octets of a reply are copied once, into the send buffer.
 */
import { DEFAULT_UDP_PAYLOAD, OPT_OCTETS, optOctets, writeOpt } from '../wire/edns.ts';
import type { ExtendedError } from '../wire/edns.ts';
import {
  AA,
  AD,
  CD,
  HEADER_OCTETS,
  QR,
  RA,
  RD,
  SECTION_ADDITIONAL,
  SECTION_QUESTION,
  TC,
  readCount,
  readFlags,
  readUint32,
  writeCount,
  writeFlags,
  writeId,
  writeUint32,
} from '../wire/header.ts';
import { SERVFAIL } from '../wire/registry.ts';
import { truncate } from '../wire/truncate.ts';
import type { Failure, Reply } from './outcome.ts';
import { REPLY } from './outcome.ts';
import type { Query } from './query.ts';

/** Bits of the query's second word that a reply repeats: opcode, RD (RFC 1035 4.1.1) and CD (RFC 4035 section 3.2.2). */
const ECHOED_BITS = 0x7800 | RD | CD;

/** The most octets of any reply: what two octets of length can say. */
export const MAX_REPLY_OCTETS = 65_535;

/** How many octets the reply to this query may have, its OPT included. */
export function replyLimit(query: Query): number {
  if (query.transport === 'tcp') return MAX_REPLY_OCTETS;
  return Math.min(query.udpSize, Math.max(query.replyLimit, 512));
}

/** Room that `render` needs for this outcome, in octets: an upper bound. */
export function renderedOctets(query: Query, outcome: Reply | Failure): number {
  const opt = query.hasOpt ? optOctets(outcome.extendedError) : 0;
  if (outcome.kind !== REPLY) return HEADER_OCTETS + query.questionLength + opt;
  return Math.min(outcome.length, replyLimit(query)) + opt;
}

/**
 * Writes what the client gets into `out`, which has room for `renderedOctets`.
 * @returns its length in octets.
 */
export function render(query: Query, outcome: Reply | Failure, out: Uint8Array): number {
  if (outcome.kind === REPLY) return renderReply(query, outcome, out);
  return renderRcode(query, outcome.rcode, outcome.extendedError, out);
}

function renderReply(query: Query, reply: Reply, out: Uint8Array): number {
  const limit = replyLimit(query);
  const error = query.hasOpt ? reply.extendedError : undefined;
  let room = limit;
  let told = error;
  if (query.hasOpt) {
    // An explanation never costs a record (RFC 8914 section 3 leaves it to us): it goes first.
    if (told !== undefined && reply.length + optOctets(told) > limit) told = undefined;
    room = limit - (told === undefined ? OPT_OCTETS : optOctets(told));
  }
  const length = copyRecords(reply, out, room);
  copyQuestionName(query, out);
  patchTtls(reply, out, length);
  let flags = readFlags(out) & TC;
  if (reply.truncated) flags |= TC;
  if (reply.authoritative) flags |= AA;
  if (reply.authenticData && query.wantsAuthenticData) flags |= AD;
  return finish(query, out, length, flags, reply.rcode, told);
}

/** An empty reply: header, question as far as it could be read, and OPT. */
export function renderRcode(
  query: Query,
  rcode: number,
  error: ExtendedError | undefined,
  out: Uint8Array,
): number {
  const questionEnd = HEADER_OCTETS + query.questionLength;
  out.fill(0, 0, HEADER_OCTETS);
  for (let i = HEADER_OCTETS; i < questionEnd; i++) out[i] = query.message[i];
  writeCount(out, SECTION_QUESTION, query.nameLength > 0 ? 1 : 0);
  const fits = error === undefined || questionEnd + optOctets(error) <= replyLimit(query);
  return finish(query, out, questionEnd, 0, rcode, fits ? error : undefined);
}

/** Copies as much of the reply as `room` allows. */
function copyRecords(reply: Reply, out: Uint8Array, room: number): number {
  const { message, length: octets } = reply;
  if (octets <= room) {
    copyOctets(message, out, octets);
    writeFlags(out, 0);
    return octets;
  }
  // Truncation works in place, so it gets a copy that is as long as the message.
  const copy = message.slice(0, octets);
  writeFlags(copy, 0);
  const length = truncate(copy, copy.length, room);
  out.set(copy.subarray(0, length), 0);
  return length;
}

/** Octet by octet up to here: faster than `set`, which wants a view first. */
const SHORT_OCTETS = 192;

function copyOctets(from: Uint8Array, to: Uint8Array, octets: number): void {
  if (octets > SHORT_OCTETS) to.set(from.length === octets ? from : from.subarray(0, octets));
  else for (let i = 0; i < octets; i++) to[i] = from[i];
}

/** The question goes back as it came, octet for octet (0x20, RFC 1035 section 4.1.1). */
function copyQuestionName(query: Query, out: Uint8Array): void {
  const { message } = query;
  const end = HEADER_OCTETS + query.nameLength;
  for (let i = HEADER_OCTETS; i < end; i++) out[i] = message[i];
}

function patchTtls(reply: Reply, out: Uint8Array, length: number): void {
  const { ttlOffsets, ttlCount, ageSeconds, fixedTtlSeconds } = reply;
  if (ageSeconds === 0 && fixedTtlSeconds < 0) return;
  for (let i = 0; i < ttlCount; i++) {
    const offset = ttlOffsets[i];
    if (offset >= length) return;
    const left = fixedTtlSeconds >= 0 ? fixedTtlSeconds : Math.max(0, readUint32(out, offset) - ageSeconds);
    writeUint32(out, offset, left);
  }
}

function finish(
  query: Query,
  out: Uint8Array,
  length: number,
  flags: number,
  rcode: number,
  error: ExtendedError | undefined,
): number {
  // A 12-bit rcode cannot be said without an OPT (RFC 6891 section 6.1.3).
  const headerRcode = rcode > 0xf && !query.hasOpt ? SERVFAIL : rcode & 0xf;
  writeId(out, query.id);
  writeFlags(out, QR | RA | (query.flags & ECHOED_BITS) | flags | headerRcode);
  if (!query.hasOpt) return length;
  writeCount(out, SECTION_ADDITIONAL, readCount(out, SECTION_ADDITIONAL) + 1);
  const udpSize = Math.max(query.replyLimit, DEFAULT_UDP_PAYLOAD);
  return writeOpt(out, length, udpSize, rcode, query.dnssecOk, error);
}
