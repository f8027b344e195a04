/**
 * EDNS(0): the OPT pseudo-record, read and written (RFC 6891). Options of a client are checked for their shape and otherwise ignored;
 * none is sent on or echoed. The only option written here is the Extended DNS Error (RFC 8914).
 */
import { readUint16, writeUint16, writeUint32 } from './header.ts';
import { TYPE_OPT } from './registry.ts';
import type { RecordWalk } from './records.ts';

/** Smallest UDP payload that any client takes; smaller values mean this one (RFC 6891 section 6.2.3). */
export const MIN_UDP_PAYLOAD = 512;
/** What this daemon advertises and sends at most unless configured: avoids fragments on every path (RFC 9715 section 3.2). */
export const DEFAULT_UDP_PAYLOAD = 1232;

/** Octets of an OPT without options: root name, type, size, TTL, RDLENGTH. */
export const OPT_OCTETS = 11;
const DO_BIT = 0x8000;
const OPTION_EDE = 15;
const OPTION_HEADER_OCTETS = 4;

export const isOpt = (walk: RecordWalk): boolean => walk.type === TYPE_OPT;

/** The owner of an OPT is the root, written as one octet (RFC 6891 section 6.1.2). */
export const optOwnerIsRoot = (walk: RecordWalk): boolean => walk.message[walk.ownerOffset] === 0;

/** The requestor's UDP payload size as it stands, in octets. */
export const optUdpSize = (walk: RecordWalk): number => walk.class;
/** The upper eight bits of a 12-bit rcode, already in their place. */
export const optExtendedRcode = (walk: RecordWalk): number => walk.message[walk.ttlOffset] << 4;
export const optVersion = (walk: RecordWalk): number => walk.message[walk.ttlOffset + 1];
export const optDnssecOk = (walk: RecordWalk): boolean =>
  (readUint16(walk.message, walk.ttlOffset + 2) & DO_BIT) !== 0;

/** Whether the options fill the RDATA exactly. Linear in octets, whatever they are. */
export function optionsAreSound(walk: RecordWalk): boolean {
  const end = walk.rdataOffset + walk.rdataLength;
  let offset = walk.rdataOffset;
  while (offset + OPTION_HEADER_OCTETS <= end) {
    offset += OPTION_HEADER_OCTETS + readUint16(walk.message, offset + 2);
  }
  return offset === end;
}

/** An Extended DNS Error to be told to a client that speaks EDNS: INFO-CODE and EXTRA-TEXT (RFC 8914 section 2). */
export interface ExtendedError {
  readonly code: number;
  /** ASCII; may be empty. */
  readonly text: string;
}

/** Octets that the OPT with this error takes. */
export const optOctets = (error: ExtendedError | undefined): number =>
  error === undefined ? OPT_OCTETS : OPT_OCTETS + OPTION_HEADER_OCTETS + 2 + Buffer.byteLength(error.text);

/**
 * Writes an OPT of version 0 at `offset`. `out` has room for `optOctets(error)`.
 * @returns the offset behind it.
 */
export function writeOpt(
  out: Uint8Array,
  offset: number,
  udpSize: number,
  rcode: number,
  dnssecOk: boolean,
  error: ExtendedError | undefined,
): number {
  out[offset] = 0;
  writeUint16(out, offset + 1, TYPE_OPT);
  writeUint16(out, offset + 3, udpSize);
  writeUint32(out, offset + 5, ((rcode >>> 4) << 24) | (dnssecOk ? DO_BIT : 0));
  writeUint16(out, offset + 9, 0);
  return error === undefined ? offset + OPT_OCTETS : writeExtendedError(out, offset, error);
}

function writeExtendedError(out: Uint8Array, optOffset: number, error: ExtendedError): number {
  const text = Buffer.from(error.text);
  writeUint16(out, optOffset + 9, OPTION_HEADER_OCTETS + 2 + text.length);
  writeUint16(out, optOffset + OPT_OCTETS, OPTION_EDE);
  writeUint16(out, optOffset + OPT_OCTETS + 2, 2 + text.length);
  writeUint16(out, optOffset + OPT_OCTETS + 4, error.code);
  out.set(text, optOffset + OPT_OCTETS + 6);
  return optOffset + OPT_OCTETS + 6 + text.length;
}
