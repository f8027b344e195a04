/**
 * Takes the authority and additional sections off answers that have what was asked for. Compression points backwards only, so an answer
 * section stands by itself: the message ends behind it. What denies, refers or fails is needed whole and stays as it is; so does the proof
 * that a wildcard made an answer, for clients who verify signatures (RFC 4035 section 3.1.3.3).
 */
import type { Handler } from '../../chain/handler.ts';
import { REPLY, Reply } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import { KIND_POSITIVE, classify } from '../../wire/classify.ts';
import {
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  readCount,
  writeCount,
} from '../../wire/header.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';

const TYPE_NSEC = 47;
const TYPE_NSEC3 = 50;

export class MinimalHandler implements Handler {
  readonly name = 'minimal';
  private readonly next: Handler;

  constructor(next: Handler) {
    this.next = next;
  }

  ask(query: Query): Pending {
    return settle(this.next.ask(query), finish, this, query);
  }
}

function finish(_self: MinimalHandler, query: Query, outcome: Outcome): Outcome {
  if (outcome.kind !== REPLY || outcome.truncated) return outcome;
  const { message, length } = outcome;
  const authority = readCount(message, SECTION_AUTHORITY);
  if (authority === 0 && readCount(message, SECTION_ADDITIONAL) === 0) return outcome;
  if (outcome.rcode !== 0 || classify(message, length).kind !== KIND_POSITIVE) return outcome;
  return answerOnly(outcome, query.dnssecOk);
}

/** The octets are never written, since they may be lent or shared: what is left of them is copied. */
function answerOnly(reply: Reply, keepsProof: boolean): Reply {
  const walk = new RecordWalk();
  if (!walk.start(reply.message, reply.length)) return reply;
  const answerStart = walk.nextOffset;
  let answerEnd = answerStart;
  let authorityEnd = answerStart;
  let isProven = false;
  while (walk.next() === RECORD && walk.section !== SECTION_ADDITIONAL) {
    authorityEnd = walk.nextOffset;
    if (walk.section === SECTION_ANSWER) answerEnd = authorityEnd;
    else isProven ||= walk.type === TYPE_NSEC || walk.type === TYPE_NSEC3;
  }
  const withProof = keepsProof && isProven;
  const end = withProof ? authorityEnd : answerEnd;
  // Not `slice`: that of a Buffer shares its octets.
  const message = new Uint8Array(reply.message.subarray(0, end));
  if (!withProof) writeCount(message, SECTION_AUTHORITY, 0);
  writeCount(message, SECTION_ADDITIONAL, 0);
  const offsets = reply.ttlOffsets.subarray(0, reply.ttlCount).filter((offset) => offset < end);
  return shortened(reply, message, offsets);
}

function shortened(reply: Reply, message: Uint8Array, ttlOffsets: Uint16Array): Reply {
  const told = new Reply(message, reply.source, ttlOffsets);
  told.ageSeconds = reply.ageSeconds;
  told.fixedTtlSeconds = reply.fixedTtlSeconds;
  told.rcode = reply.rcode;
  told.authoritative = reply.authoritative;
  told.authenticData = reply.authenticData;
  told.extendedError = reply.extendedError;
  return told;
}
