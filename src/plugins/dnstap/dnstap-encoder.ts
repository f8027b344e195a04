/**
 * Lays out dnstap payloads (https://github.com/dnstap/dnstap.pb, `Dnstap` and `Message`). Only fields that CoreDNS fills are known here, and
 * those that tell which address of ours was asked.
 */
import { ProtobufWriter } from './protobuf.ts';

/** `Message.Type`. */
export const CLIENT_QUERY = 5;
export const CLIENT_RESPONSE = 6;
export const FORWARDER_QUERY = 7;
export const FORWARDER_RESPONSE = 8;

/** `SocketProtocol`. */
export const PROTOCOL_UDP = 1;
export const PROTOCOL_TCP = 2;
export const PROTOCOL_DOT = 3;

const FAMILY_INET = 1;
const FAMILY_INET6 = 2;

/** `Dnstap.Type`, of which there is one. */
const PAYLOAD_IS_MESSAGE = 1;

/** Numbers of the fields of `Dnstap`. */
const IDENTITY = 1;
const VERSION = 2;
const EXTRA = 3;
const MESSAGE = 14;
const PAYLOAD_TYPE = 15;

/** Numbers of the fields of `Message`. */
const TYPE = 1;
const SOCKET_FAMILY = 2;
const SOCKET_PROTOCOL = 3;
const QUERY_ADDRESS = 4;
const RESPONSE_ADDRESS = 5;
const QUERY_PORT = 6;
const RESPONSE_PORT = 7;
const QUERY_TIME_SECONDS = 8;
const QUERY_TIME_NANOSECONDS = 9;
const QUERY_MESSAGE = 10;
const RESPONSE_TIME_SECONDS = 12;
const RESPONSE_TIME_NANOSECONDS = 13;
const RESPONSE_MESSAGE = 14;

const MS_PER_SECOND = 1_000;
const NANOSECONDS_PER_MS = 1e6;

/** An address in 4 or 16 octets, and a port; no octets where it is not known. */
export interface TapAddress {
  readonly octets: Uint8Array;
  readonly port: number;
}

/** One event. Times are milliseconds since 1970, with fractions. */
export interface TapMessage {
  readonly type: number;
  /** Of the socket that the message passed. */
  readonly isIpv6: boolean;
  readonly protocol: number;
  /** Who asked. */
  readonly from: TapAddress;
  /** Who was asked. */
  readonly to: TapAddress | undefined;
  readonly queryMs: number;
  readonly responseMs: number | undefined;
  /** The DNS messages; undefined where they are not wanted. */
  readonly query: Uint8Array | undefined;
  readonly response: Uint8Array | undefined;
}

export class DnstapEncoder {
  private readonly identity: Uint8Array;
  private readonly version: Uint8Array;
  private readonly payload = new ProtobufWriter();
  private readonly message = new ProtobufWriter();

  /** @param identity left out when empty, as is `version` */
  constructor(identity: string, version: string) {
    this.identity = Buffer.from(identity);
    this.version = Buffer.from(version);
  }

  /** @returns octets that are valid until the next call. @param extra left out when empty */
  encode(message: TapMessage, extra: string): Uint8Array {
    const { payload } = this;
    this.encodeMessage(message);
    payload.clear();
    if (this.identity.length > 0) payload.bytes(IDENTITY, this.identity);
    if (this.version.length > 0) payload.bytes(VERSION, this.version);
    if (extra !== '') payload.bytes(EXTRA, Buffer.from(extra));
    payload.bytes(MESSAGE, this.message.written);
    payload.integer(PAYLOAD_TYPE, PAYLOAD_IS_MESSAGE);
    return payload.written;
  }

  private encodeMessage(message: TapMessage): void {
    const { message: out } = this;
    const { from, to, query, responseMs, response } = message;
    out.clear();
    out.integer(TYPE, message.type);
    out.integer(SOCKET_FAMILY, message.isIpv6 ? FAMILY_INET6 : FAMILY_INET);
    out.integer(SOCKET_PROTOCOL, message.protocol);
    if (from.octets.length > 0) out.bytes(QUERY_ADDRESS, from.octets);
    if (to !== undefined && to.octets.length > 0) out.bytes(RESPONSE_ADDRESS, to.octets);
    out.integer(QUERY_PORT, from.port);
    if (to !== undefined) out.integer(RESPONSE_PORT, to.port);
    writeTime(out, QUERY_TIME_SECONDS, QUERY_TIME_NANOSECONDS, message.queryMs);
    if (query !== undefined) out.bytes(QUERY_MESSAGE, query);
    if (responseMs !== undefined) {
      writeTime(out, RESPONSE_TIME_SECONDS, RESPONSE_TIME_NANOSECONDS, responseMs);
    }
    if (response !== undefined) out.bytes(RESPONSE_MESSAGE, response);
  }
}

/** To the microsecond: what is left of the fraction in a double, and more than the clock knows. */
function writeTime(out: ProtobufWriter, secondsField: number, nanosecondsField: number, ms: number): void {
  const seconds = Math.floor(ms / MS_PER_SECOND);
  const microseconds = Math.floor((ms - seconds * MS_PER_SECOND) * 1_000);
  out.integer(secondsField, seconds);
  out.fixed32(nanosecondsField, microseconds * (NANOSECONDS_PER_MS / 1_000));
}
