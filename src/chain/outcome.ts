/**
 * What a handler comes back with: a reply with octets, an rcode for which the server writes an empty reply, or silence. Never two of them
 * (CoreDNS's rcode also means "something was written", which its plugins get wrong).
 */
import type { ExtendedError } from '../wire/edns.ts';
import { AA, AD, TC, rcodeOf, readFlags } from '../wire/header.ts';
import { findTtls } from '../wire/ttl.ts';

export const REPLY = 0;
export const FAILURE = 1;
export const DROP = 2;

/**
 * A reply as a message in wire form without OPT, whose id, question case, flags and TTLs are patched on the way out (`render.ts`).
 * The octets may be somebody else's: they are never written, and after a wait they may be another's (`kept`).
 */
export class Reply {
  readonly kind = REPLY;
  message: Uint8Array;
  /** Octets of `message` that count. */
  length: number;
  /** Offsets of the TTLs in `message`; the first `ttlCount` count. */
  ttlOffsets: Uint16Array;
  ttlCount: number;
  /** Whole seconds to take off every TTL: the time since the message was kept. */
  ageSeconds = 0;
  /** When not negative, the TTL that every record gets instead: stale answers. */
  fixedTtlSeconds = -1;
  /** The full rcode, up to 12 bits. */
  rcode: number;
  authoritative: boolean;
  truncated: boolean;
  authenticData: boolean;
  /** Told to clients that speak EDNS. */
  extendedError: ExtendedError | undefined;
  /** Name of the plugin that wrote the answer. */
  source: string;

  /** @param message sound, without OPT, at most 65,535 octets; its header's AA, TC, AD and rcode are taken over. */
  constructor(
    message: Uint8Array,
    source: string,
    ttlOffsets: Uint16Array = findTtls(message, message.length),
  ) {
    const flags = readFlags(message);
    this.message = message;
    this.length = message.length;
    this.ttlOffsets = ttlOffsets;
    this.ttlCount = ttlOffsets.length;
    this.rcode = rcodeOf(flags);
    this.authoritative = (flags & AA) !== 0;
    this.truncated = (flags & TC) !== 0;
    this.authenticData = (flags & AD) !== 0;
    this.source = source;
  }

  /** The reply for whoever keeps it while other queries are answered: itself, or a copy where the octets are lent (see `cache`). */
  kept(): Reply {
    return this;
  }
}

/** An rcode without records; `reason` is what the `errors` plugin logs. */
export class Failure {
  readonly kind = FAILURE;
  readonly rcode: number;
  readonly reason: string;
  readonly extendedError: ExtendedError | undefined;
  /** Name of the plugin that gave up. */
  readonly source: string;

  constructor(rcode: number, reason: string, source: string, extendedError?: ExtendedError) {
    this.rcode = rcode;
    this.reason = reason;
    this.source = source;
    this.extendedError = extendedError;
  }
}

/** No answer at all. */
export interface Drop {
  readonly kind: typeof DROP;
}
export const SILENCE: Drop = { kind: DROP };

export type Outcome = Reply | Failure | Drop;

/** Ready now, or later: a handler that has to wait gives a promise, every other one does not. */
export type Pending = Outcome | Promise<Outcome>;
