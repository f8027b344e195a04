/**
 * What a hit gives back: one object for all hits of the process, filled anew by each. It holds until the next hit; who keeps a reply longer
 * takes a copy (`Reply.kept`).
 */
import { Reply } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { HEADER_OCTETS, SECTION_QUESTION, rcodeOf, readFlags, writeCount } from '../../wire/header.ts';

/** The longest message and the offsets of all TTLs that it can have, in whole blocks. */
const SCRATCH_WORDS = 5 * 4096;
const MAX_TTLS = 6554;

export class CachedReply extends Reply {
  /** Where the message is copied to, behind it the offsets of its TTLs. */
  readonly words: Uint32Array;

  constructor() {
    const words = new Uint32Array(SCRATCH_WORDS);
    super(new Uint8Array(words.buffer), 'cache', new Uint16Array(MAX_TTLS));
    this.words = words;
    this.length = HEADER_OCTETS;
    this.ttlCount = 0;
  }

  /** Takes over what was copied to `words`. */
  fill(length: number, ttlCount: number, ageSeconds: number, authenticData: boolean): void {
    const { message, ttlOffsets } = this;
    for (let i = 0; i < ttlCount; i++) {
      const at = length + i * 2;
      ttlOffsets[i] = (message[at] << 8) | message[at + 1];
    }
    this.length = length;
    this.ttlCount = ttlCount;
    this.ageSeconds = ageSeconds;
    // Set for stale answers, after this.
    this.fixedTtlSeconds = -1;
    this.rcode = rcodeOf(readFlags(message));
    this.authenticData = authenticData;
    // RFC 1034 section 6.2.7: what comes from a cache is not authoritative. Truncated answers are never kept.
    this.authoritative = false;
    this.truncated = false;
  }

  /** Header and question alone. */
  fillFailure(query: Query, rcode: number): void {
    const { message } = this;
    message.fill(0, 0, HEADER_OCTETS);
    for (let i = 0; i < query.questionLength; i++) message[HEADER_OCTETS + i] = query.keyOctets[i];
    writeCount(message, SECTION_QUESTION, 1);
    this.fill(HEADER_OCTETS + query.questionLength, 0, 0, false);
    this.rcode = rcode;
  }

  override kept(): Reply {
    const reply = new Reply(
      this.message.slice(0, this.length),
      this.source,
      this.ttlOffsets.slice(0, this.ttlCount),
    );
    reply.rcode = this.rcode;
    reply.ageSeconds = this.ageSeconds;
    reply.fixedTtlSeconds = this.fixedTtlSeconds;
    reply.authoritative = this.authoritative;
    reply.authenticData = this.authenticData;
    reply.extendedError = this.extendedError;
    return reply;
  }
}
