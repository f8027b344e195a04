/**
 * Whether what came back is the reply to what was asked (RFC 5452 section 9.1): a response, a QUERY, our one question with name, type and
 * class, and sound to its last record. Address and port are the kernel's business, since every socket is connected; the id is the
 * holder's, who found the query by it. Nothing here says whether the answer is true.
 */
import {
  HEADER_OCTETS,
  OPCODE_QUERY,
  QR,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  SECTION_QUESTION,
  TC,
  opcodeOf,
  rcodeOf,
  readCount,
  readFlags,
  readUint32,
  writeCount,
} from '../wire/header.ts';
import { isOpt, optExtendedRcode } from '../wire/edns.ts';
import { equalFolded } from '../wire/name.ts';
import { OctetSlab } from '../wire/octet-slab.ts';
import { RECORD, RecordWalk, messageIsSound, nameScratch } from '../wire/records.ts';
import type { PendingQuery } from './pending-query.ts';

export class ReplyCheck {
  private readonly scratch = nameScratch();
  private readonly slab = new OctetSlab();

  /**
   * @param message any octets that came for `query` and carry its id.
   * @returns the reply, which may be a shorter view of `message`; undefined for what does not count.
   */
  accepted(query: PendingQuery, message: Uint8Array): Uint8Array | undefined {
    if (message.length < HEADER_OCTETS) return undefined;
    const flags = readFlags(message);
    if ((flags & QR) === 0) return undefined;
    if (query.acceptsAny) return message;
    if (opcodeOf(flags) !== OPCODE_QUERY || !repeatsQuestion(query, message)) return undefined;
    if (messageIsSound(message, message.length, this.scratch)) return message;
    // Some servers cut a long reply anywhere. It says TC, so what it says apart from that is not needed.
    return (flags & TC) === 0 ? undefined : questionOnly(query, message);
  }

  /** A reply out of memory that will be another's, in octets of its own. */
  keep(reply: Uint8Array): Uint8Array {
    return this.slab.copy(reply);
  }
}

/** Compared with the query as it was sent, whatever has become of the question's own octets. */
function repeatsQuestion(query: PendingQuery, message: Uint8Array): boolean {
  const { message: sent, nameLength } = query;
  const nameEnd = HEADER_OCTETS + nameLength;
  return (
    readCount(message, SECTION_QUESTION) === 1 &&
    message.length >= nameEnd + 4 &&
    equalFolded(sent, HEADER_OCTETS, message, HEADER_OCTETS, nameLength) &&
    readUint32(message, nameEnd) === readUint32(sent, nameEnd)
  );
}

function questionOnly(query: PendingQuery, message: Uint8Array): Uint8Array {
  const cut = message.slice(0, HEADER_OCTETS + query.nameLength + 4);
  writeCount(cut, SECTION_ANSWER, 0);
  writeCount(cut, SECTION_AUTHORITY, 0);
  writeCount(cut, SECTION_ADDITIONAL, 0);
  return cut;
}

export const isTruncated = (reply: Uint8Array): boolean => (readFlags(reply) & TC) !== 0;

export interface ReplyStatus {
  readonly hasOpt: boolean;
  /** Up to 12 bits: those of the header with those of the OPT (RFC 6891 section 6.1.3). */
  readonly rcode: number;
}

/** Reads the OPT, if any, of a sound reply. */
export function replyStatus(reply: Uint8Array): ReplyStatus {
  const rcode = rcodeOf(readFlags(reply));
  const walk = new RecordWalk();
  if (walk.start(reply, reply.length)) {
    while (walk.next() === RECORD) {
      if (isOpt(walk)) return { hasOpt: true, rcode: optExtendedRcode(walk) | rcode };
    }
  }
  return { hasOpt: false, rcode };
}
