/**
 * Replies with octets of their own, that may be brought into order. For an answer that is given at once there is one for the whole process,
 * filled anew by each: like a hit of the cache it holds until the next one, and who keeps it longer takes a copy (`Reply.kept`).
 */
import { Reply } from '../../chain/outcome.ts';
import { HEADER_OCTETS } from '../../wire/header.ts';

const MAX_OCTETS = 65_535;
/** Octet by octet up to here: faster than `set`, which wants a view first. */
const SHORT_OCTETS = 192;

/** A reply like `from`, that holds as long as anybody keeps it. */
export function ownReply(from: Reply, message: Uint8Array, ttlOffsets?: Uint16Array): Reply {
  const reply =
    ttlOffsets === undefined ? new Reply(message, from.source) : new Reply(message, from.source, ttlOffsets);
  takeOver(reply, from);
  return reply;
}

export class LentReply extends Reply {
  constructor() {
    super(new Uint8Array(MAX_OCTETS), 'loadbalance', new Uint16Array(0));
    this.length = HEADER_OCTETS;
  }

  /** Takes over a reply, its octets copied. */
  fill(from: Reply): this {
    const { message } = this;
    const { length } = from;
    if (length > SHORT_OCTETS) message.set(from.message.subarray(0, length));
    else for (let i = 0; i < length; i++) message[i] = from.message[i];
    this.length = length;
    this.ttlOffsets = from.ttlOffsets;
    this.ttlCount = from.ttlCount;
    this.source = from.source;
    takeOver(this, from);
    return this;
  }

  override kept(): Reply {
    return ownReply(this, this.message.slice(0, this.length), this.ttlOffsets.slice(0, this.ttlCount));
  }
}

function takeOver(reply: Reply, from: Reply): void {
  reply.ageSeconds = from.ageSeconds;
  reply.fixedTtlSeconds = from.fixedTtlSeconds;
  reply.rcode = from.rcode;
  reply.authoritative = from.authoritative;
  reply.truncated = from.truncated;
  reply.authenticData = from.authenticData;
  reply.extendedError = from.extendedError;
}
