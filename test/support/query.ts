/** Queries as a listener would hand them over, and replies as text that a test can compare. */
import { FAILURE, REPLY } from '../../src/chain/outcome.ts';
import type { Outcome, Reply } from '../../src/chain/outcome.ts';
import { Query } from '../../src/chain/query.ts';
import { askMessage } from '../../src/wire/ask-message.ts';
import type { AskOptions } from '../../src/wire/ask-message.ts';
import { SECTION_ADDITIONAL, SECTION_ANSWER, SECTION_AUTHORITY, readUint16 } from '../../src/wire/header.ts';
import { expandName, nameFromText, nameToText } from '../../src/wire/name.ts';
import { RECORD, RecordWalk, messageIsSound, nameScratch, skipField } from '../../src/wire/records.ts';
import { classCode, className, recordType, typeCode, typeName } from '../../src/wire/registry.ts';

export interface QueryOverrides extends Partial<AskOptions> {
  /** `IN` unless given. */
  class?: string;
  id?: number;
  transport?: Query['transport'];
  clientAddress?: string;
  clientPort?: number;
  zone?: Query['zone'];
  server?: Query['server'];
  receivedMs?: number;
  depth?: number;
}

/**
 * A query for `name` and `type` (`A`, `TYPE65280`), recursion desired, without EDNS, from 192.0.2.53 port 40000, as read from octets.
 * @param name presentation form, its case kept
 */
export function makeQuery(name: string, type: string, overrides: QueryOverrides = {}): Query {
  const question = {
    name: nameFromText(name),
    type: known(typeCode(type), type),
    class: known(classCode(overrides.class ?? 'IN'), overrides.class ?? ''),
  };
  const message = askMessage(question, {
    recursionDesired: overrides.recursionDesired ?? true,
    checkingDisabled: overrides.checkingDisabled ?? false,
    dnssecOk: overrides.dnssecOk ?? false,
    edns: overrides.edns ?? overrides.dnssecOk ?? false,
  });
  const id = overrides.id ?? 0x1234;
  message[0] = id >>> 8;
  message[1] = id;
  const query = new Query();
  if (!query.read(message, message.length)) throw new Error(`cannot read the query for ${name}`);
  query.transport = overrides.transport ?? 'udp';
  query.clientAddress = overrides.clientAddress ?? '192.0.2.53';
  query.clientPort = overrides.clientPort ?? 40_000;
  query.localAddress = '127.0.0.1';
  query.localPort = 53;
  query.receivedMs = overrides.receivedMs ?? 0;
  query.replyLimit = query.udpSize;
  query.depth = overrides.depth ?? 0;
  if (overrides.server !== undefined) query.server = overrides.server;
  if (overrides.zone !== undefined) query.zone = overrides.zone;
  return query;
}

/** A reply in words; records read `owner ttl class type rdata`, as they stand: no age taken off. */
export interface DecodedReply {
  rcode: number;
  authoritative: boolean;
  /** `name class type`, or empty. */
  question: string;
  answer: string[];
  authority: string[];
  additional: string[];
}

/** @throws Error when the message is not sound: a handler must never make such a reply. */
export function decode(reply: Reply): DecodedReply {
  const { message } = reply;
  const scratch = nameScratch();
  if (!messageIsSound(message, message.length, scratch)) throw new Error('the reply is malformed');
  const walk = new RecordWalk();
  walk.start(message, message.length);
  const sections: Record<number, string[]> = {
    [SECTION_ANSWER]: [],
    [SECTION_AUTHORITY]: [],
    [SECTION_ADDITIONAL]: [],
  };
  const question = questionText(message, walk.nextOffset);
  while (walk.next() === RECORD) sections[walk.section].push(recordLine(walk));
  return {
    rcode: reply.rcode,
    authoritative: reply.authoritative,
    question,
    answer: sections[SECTION_ANSWER],
    authority: sections[SECTION_AUTHORITY],
    additional: sections[SECTION_ADDITIONAL],
  };
}

/** The outcome as a decoded reply. @throws Error when it is something else. */
export function decodeOutcome(outcome: Outcome): DecodedReply {
  if (outcome.kind === REPLY) return decode(outcome);
  throw new Error(outcome.kind === FAILURE ? `a failure: ${outcome.reason}` : 'silence');
}

function questionText(message: Uint8Array, end: number): string {
  if (end <= 12) return '';
  const name = nameToText(message, 12, end - 4);
  return `${name} ${className(readUint16(message, end - 2))} ${typeName(readUint16(message, end - 4))}`;
}

function recordLine(walk: RecordWalk): string {
  const owner = nameAt(walk, walk.ownerOffset);
  const rdata = rdataFields(walk).join(' ');
  return `${owner} ${walk.ttlSeconds} ${className(walk.class)} ${typeName(walk.type)} ${rdata}`.trimEnd();
}

function nameAt(walk: RecordWalk, offset: number): string {
  const name = nameScratch();
  return nameToText(name, 0, expandName(walk.message, offset, walk.end, name, 0));
}

function rdataFields(walk: RecordWalk): string[] {
  const end = walk.rdataOffset + walk.rdataLength;
  const fields: string[] = [];
  let offset = walk.rdataOffset;
  for (const letter of recordType(walk.type)?.layout ?? '*') {
    const next = skipField(letter, walk.message, offset, end, nameScratch());
    fields.push(fieldText(letter, walk, offset, next));
    offset = next;
  }
  return fields.filter((field) => field !== '');
}

function fieldText(letter: string, walk: RecordWalk, offset: number, next: number): string {
  const octets = Buffer.from(walk.message.subarray(offset, next));
  switch (letter) {
    case '4':
      return octets.join('.');
    case '6':
      return new URL(`http://[${(octets.toString('hex').match(/.{4}/g) ?? []).join(':')}]/`).hostname.slice(
        1,
        -1,
      );
    case 'n':
      return nameAt(walk, offset);
    case 'b':
    case 'h':
    case 'w':
      return String(octets.readUIntBE(0, octets.length));
    case 's':
    case 'S':
      return stringsText(octets);
    default:
      return octets.toString('hex');
  }
}

function stringsText(octets: Buffer): string {
  const strings: string[] = [];
  for (let at = 0; at < octets.length; at += octets[at] + 1) {
    strings.push(JSON.stringify(octets.toString('latin1', at + 1, at + 1 + octets[at])));
  }
  return strings.join(' ');
}

function known(code: number | undefined, text: string): number {
  if (code === undefined) throw new Error(`no such type or class: ${text}`);
  return code;
}
