/**
 * The way from octets to a question, the same for every transport: header screened, question and OPT read, the EDNS version judged
 * (RFC 6891 section 6.1.3). What it refuses never reaches a handler and is answered here.
 */
import { renderRcode } from '../chain/render.ts';
import type { Query } from '../chain/query.ts';
import type { Endpoint } from './listener.ts';
import { OPT_OCTETS } from '../wire/edns.ts';
import { HEADER_OCTETS, readFlags, readId } from '../wire/header.ts';
import { MAX_NAME_OCTETS } from '../wire/name.ts';
import { BADVERS, FORMERR, NOTIMP } from '../wire/registry.ts';
import { SCREEN_DROP, SCREEN_NOTIMP, SCREEN_READ, screenHeader } from '../wire/screen.ts';

/** Room for any refusal: header, the longest question, OPT. */
export const MAX_REFUSAL_OCTETS = HEADER_OCTETS + MAX_NAME_OCTETS + 4 + OPT_OCTETS;

/** To be asked. */
export const ACCEPTED = 0;
/** Nothing is sent. */
export const DROPPED = 1;
/** Answered with `query.refusal` and no handler asked. */
export const REFUSAL = 2;

/** Reads a message into `query`. @returns ACCEPTED, DROPPED, or REFUSAL: then `writeRefusal` says what goes back. */
export function accept(query: Query, message: Uint8Array, length: number): number {
  const screened = screenHeader(message, length);
  if (screened === SCREEN_DROP) return DROPPED;
  if (screened !== SCREEN_READ) {
    refuseUnread(query, message, screened === SCREEN_NOTIMP ? NOTIMP : FORMERR);
    return REFUSAL;
  }
  if (!query.read(message, length)) {
    query.refusal = FORMERR;
    return REFUSAL;
  }
  if (query.ednsVersion !== 0) {
    query.refusal = BADVERS;
    return REFUSAL;
  }
  return ACCEPTED;
}

/** Notes where an accepted query came to, and when, in milliseconds of the listener's clock. */
export function stamp(
  query: Query,
  endpoint: Endpoint,
  localAddress: string,
  localPort: number,
  nowMs: number,
): void {
  query.localAddress = localAddress;
  query.localPort = localPort;
  query.server = endpoint.server;
  query.receivedMs = nowMs;
}

/** Writes the answer to a query that `accept` refused. @returns its length in octets. */
export function writeRefusal(query: Query, out: Uint8Array): number {
  return renderRcode(query, query.refusal, undefined, out);
}

/** A message of which only the header is believed: its question is not repeated. */
function refuseUnread(query: Query, message: Uint8Array, rcode: number): void {
  query.clear();
  query.id = readId(message);
  query.flags = readFlags(message);
  query.refusal = rcode;
}
