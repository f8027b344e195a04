/**
 * The shorter way to tell an answer under the client's question, for the answers that most names have: every record belongs to the name
 * that was asked for, and has no name in its data. Then each owner is a pointer to the question, and data is copied as it is.
 */
import type { Reply } from '../../chain/outcome.ts';
import { MAX_MESSAGE_OCTETS } from '../../wire/builder.ts';
import { HEADER_OCTETS, readUint16, writeUint16, writeUint32 } from '../../wire/header.ts';
import { equalFolded } from '../../wire/name.ts';
import { RECORD, RECORD_FIXED_OCTETS, RecordWalk } from '../../wire/records.ts';
import { recordType } from '../../wire/registry.ts';
import type { MutableName } from './mutable-name.ts';
import type { RewrittenQuery } from './rewritten-query.ts';

const POINTER_TO_QUESTION = 0xc000 | HEADER_OCTETS;
const POINTER_OCTETS = 2;

/**
 * @param name scratch
 * @param ttlOf from the TTL of a record as it stands to the one that is told
 * @returns the message, or undefined where it takes the longer way (`revert.ts`)
 */
export function relabelPlain(
  query: RewrittenQuery,
  reply: Reply,
  name: MutableName,
  ttlOf: (seconds: number) => number,
): Uint8Array | undefined {
  const { client } = query;
  if (!becomesClients(query, name)) return undefined;
  const { message, length } = reply;
  const walk = new RecordWalk();
  if (!walk.start(message, length)) return undefined;
  // A pointer in place of a name is longer than the root only, which is no octet shorter than the question that it points to.
  const out = new Uint8Array(length + client.questionLength + POINTER_OCTETS * reply.ttlCount);
  for (let i = 0; i < HEADER_OCTETS; i++) out[i] = message[i];
  let at = HEADER_OCTETS + client.questionLength;
  for (let i = HEADER_OCTETS; i < at; i++) out[i] = client.message[i];
  while (walk.next() === RECORD) {
    if (!isPlain(walk, query)) return undefined;
    writeUint16(out, at, POINTER_TO_QUESTION);
    at += POINTER_OCTETS;
    const fixedOffset = walk.rdataOffset - RECORD_FIXED_OCTETS;
    for (let i = fixedOffset; i < walk.nextOffset; i++) out[at + i - fixedOffset] = message[i];
    writeUint32(out, at + 4, ttlOf(walk.ttlSeconds));
    at += walk.nextOffset - fixedOffset;
  }
  // Over what a message may have, the longer way leaves records out.
  return at > MAX_MESSAGE_OCTETS ? undefined : out.subarray(0, at);
}

/** Whether the name that was asked for is the client's again after all steps. */
function becomesClients(
  { client, foldedName, nameLength, steps }: RewrittenQuery,
  name: MutableName,
): boolean {
  name.set(foldedName, nameLength);
  for (const step of steps) if (name.invalid === undefined) step.owner(name);
  return (
    name.invalid === undefined &&
    name.length === client.nameLength &&
    equalFolded(name.octets, 0, client.foldedName, 0, name.length)
  );
}

function isPlain(walk: RecordWalk, query: RewrittenQuery): boolean {
  const { message, ownerOffset, rdataOffset } = walk;
  if (recordType(walk.type)?.layout.includes('n') === true) return false;
  const ownerOctets = rdataOffset - RECORD_FIXED_OCTETS - ownerOffset;
  if (ownerOctets === POINTER_OCTETS) return readUint16(message, ownerOffset) === POINTER_TO_QUESTION;
  return (
    ownerOctets === query.nameLength && equalFolded(message, ownerOffset, query.foldedName, 0, ownerOctets)
  );
}
