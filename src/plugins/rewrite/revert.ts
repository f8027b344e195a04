/**
 * From the answer to the question that was asked behind `rewrite` to the answer to the client's: the client's question in front, the steps
 * of the rules done to the records of all sections, the last rule's first. The octets of the reply are never written, since they may be
 * the cache's or be waited for by others: what changes is laid out anew.
 */
import { DROP, FAILURE, Failure, Reply } from '../../chain/outcome.ts';
import type { Outcome } from '../../chain/outcome.ts';
import { MessageBuilder, rebuildMessage } from '../../wire/builder.ts';
import { MIN_UDP_PAYLOAD } from '../../wire/edns.ts';
import { readFlags, readUint32, writeFlags, writeUint32 } from '../../wire/header.ts';
import { MALFORMED, expandName } from '../../wire/name.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';
import { EDE_OTHER, SERVFAIL, recordType } from '../../wire/registry.ts';
import type { AnswerStep } from './answer-step.ts';
import type { MutableName } from './mutable-name.ts';
import { rdataWith } from './rdata-names.ts';
import { relabelPlain } from './relabel-plain.ts';
import type { RewrittenQuery } from './rewritten-query.ts';

/** What a client gets when a rule makes a name that is none. */
export const invalidName = (text: string): Failure =>
  new Failure(SERVFAIL, `invalid name after rewrite: ${text}`, 'rewrite', {
    code: EDE_OTHER,
    text: 'invalid name after rewrite',
  });

/** What the client of `query` gets, whose message has to be there. */
export function revert(query: RewrittenQuery, outcome: Outcome): Outcome {
  if (outcome.kind === DROP) return outcome;
  const rcode = query.steps.reduce((code, step) => step.rcode(code), outcome.rcode);
  if (outcome.kind === FAILURE) return withRcode(outcome, rcode);
  const renames = query.steps.some((step) => step.renames);
  if (!renames && !query.hasOtherQuestion) return sameNames(query.steps, outcome, rcode);
  const message = relabelled(query, outcome);
  if (message instanceof Failure) return message;
  const told = replyLike(outcome, message, rcode);
  // Nobody has vouched for records under other names (RFC 4035 section 3.2.3).
  told.authenticData = false;
  return told;
}

function withRcode(failure: Failure, rcode: number): Failure {
  if (rcode === failure.rcode) return failure;
  return new Failure(rcode, failure.reason, failure.source, failure.extendedError);
}

/** Only TTLs and the rcode can differ. */
function sameNames(steps: readonly AnswerStep[], reply: Reply, rcode: number): Reply {
  if (steps.length === 0) return reply;
  // Not `slice`: that of a Buffer shares its octets.
  const message = new Uint8Array(reply.message.subarray(0, reply.length));
  const ttlOffsets = reply.ttlOffsets.slice(0, reply.ttlCount);
  for (const offset of ttlOffsets) {
    writeUint32(message, offset, ttlAfter(steps, reply, readUint32(message, offset)));
  }
  return replyLike(reply, message, rcode, ttlOffsets);
}

/** @param seconds as the TTL stands in the reply's message */
function ttlAfter(steps: readonly AnswerStep[], reply: Reply, seconds: number): number {
  const { ageSeconds, fixedTtlSeconds } = reply;
  let ttl = fixedTtlSeconds >= 0 ? fixedTtlSeconds : Math.max(0, seconds - ageSeconds);
  for (const step of steps) ttl = step.ttl(ttl);
  return ttl;
}

/** @param message octets of its own, TTLs as they are to be told */
function replyLike(reply: Reply, message: Uint8Array, rcode: number, ttlOffsets?: Uint16Array): Reply {
  writeFlags(message, (readFlags(message) & ~0xf) | (rcode & 0xf));
  const told = new Reply(message, reply.source, ttlOffsets);
  told.rcode = rcode;
  told.authoritative = reply.authoritative;
  told.truncated ||= reply.truncated;
  told.authenticData = reply.authenticData;
  told.extendedError = reply.extendedError;
  return told;
}

/** The message under the client's question, names and TTLs changed. */
function relabelled(query: RewrittenQuery, reply: Reply): Uint8Array | Failure {
  const { client, steps } = query;
  const { message, length } = reply;
  const name = query.scratch;
  const plain = relabelPlain(query, reply, name, (seconds) => ttlAfter(steps, reply, seconds));
  if (plain !== undefined) return plain;
  const builder = new MessageBuilder(readFlags(message), length + client.nameLength);
  builder.question(client.nameAsAsked, client.type, client.class);
  const changeValue = (value: MutableName): void => {
    for (const step of steps) if (value.invalid === undefined) step.value(value);
  };
  let isCompressible = false;
  const walk = new RecordWalk();
  if (!walk.start(message, length)) return builder.finish();
  while (walk.next() === RECORD) {
    const rdata = rdataWith(walk, name, changeValue);
    if (name.invalid !== undefined) return invalidName(name.invalid);
    loadOwner(walk, name);
    for (const step of steps) if (name.invalid === undefined) step.owner(name);
    if (name.invalid !== undefined) return invalidName(name.invalid);
    const ttl = ttlAfter(steps, reply, walk.ttlSeconds);
    builder.record(walk.section, name.view(), walk.type, walk.class, ttl, rdata);
    isCompressible ||= recordType(walk.type)?.compressible === true;
  }
  const told = builder.finish();
  // Names in RDATA were written in full; where that could cost records, a second pass lets them point.
  return isCompressible && told.length > MIN_UDP_PAYLOAD ? rebuildMessage(told, told.length) : told;
}

function loadOwner(walk: RecordWalk, name: MutableName): void {
  const octets = expandName(walk.message, walk.ownerOffset, walk.end, name.octets, 0);
  // The root cannot be taken for another name; sound messages do not come here.
  if (octets === MALFORMED) name.octets[0] = 0;
  name.loaded(octets === MALFORMED ? 1 : octets);
}
