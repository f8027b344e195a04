/** A message from an upstream: judged, stripped, laid out anew, kept with other TTLs, and given to a client who asked for it. */
import { Deadlines } from '../../src/base/deadlines.ts';
import { Query } from '../../src/chain/query.ts';
import { replyLimit } from '../../src/chain/render.ts';
import { replyFromUpstream } from '../../src/plugins/forward/reply.ts';
import { PendingQuery } from '../../src/upstream/pending-query.ts';
import { ReplyCheck } from '../../src/upstream/reply-check.ts';
import { askMessage } from '../../src/wire/ask-message.ts';
import { rebuildMessage, withoutOpt } from '../../src/wire/builder.ts';
import { KIND_NODATA, KIND_NXDOMAIN, classify } from '../../src/wire/classify.ts';
import { QR, TC, opcodeOf, readCount, readFlags, readUint16, writeUint32 } from '../../src/wire/header.ts';
import { skipPlainName } from '../../src/wire/name.ts';
import { messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { truncate } from '../../src/wire/truncate.ts';
import { MAX_TTL_SECONDS, clampTtls, findTtls, levelRrsets, smallestTtl } from '../../src/wire/ttl.ts';
import { listRecords } from '../wire/list-records.ts';
import { checkReply, isTruncated } from './check-reply.ts';
import { PACKETS, REPLIES } from './corpus.ts';
import { mutate } from './mutate.ts';
import { must, mustEqual } from './must.ts';
import { checkContents, written } from './query-target.ts';
import type { Random } from './random.ts';

const OTHERS = PACKETS.map((packet) => packet.octets);
const NOBODY = { replied: () => undefined, failed: () => undefined };
const STOPPED = new Deadlines({ nowMs: () => 0 });
const isSound = (message: Uint8Array): boolean => messageIsSound(message, message.length, nameScratch());

export const messageInput = (random: Random): Uint8Array =>
  mutate(random, random.pick(REPLIES).octets, OTHERS, 4);

/** @throws {Violation} */
export function checkMessage(message: Uint8Array, random: Random): void {
  readAll(message);
  if (message.length < 12) return;
  const sound = isSound(message);
  checkAcceptance(message, sound);
  if (!sound) return;
  checkLayouts(message, random);
  checkKept(message);
  if (questionLengthOf(message) > 0) checkAnswer(message, random);
}

/** Everything that looks at octets, sound or not; all that is asked of it is to come back. */
function readAll(message: Uint8Array): void {
  const { length } = message;
  for (const bytes of [withoutOpt(message, length), rebuildMessage(message, length)])
    must(bytes.length <= 65_535, 'size');
  const copy = message.slice();
  must(truncate(copy, length, 512) <= length, 'a message not to grow by truncation');
  const ttls = findTtls(message, length);
  levelRrsets(copy, length, ttls);
  clampTtls(copy, ttls, 1, 2);
  smallestTtl(copy, ttls);
  if (length >= 12) classify(message, length);
}

/** Octets of name, type and class of the only question; 0 when there is none or more than one. */
function questionLengthOf(message: Uint8Array): number {
  const end = skipPlainName(message, 12, message.length);
  return readCount(message, 0) === 1 && end > 0 ? end + 4 - 12 : 0;
}

/** The judgement of a reply: what counts is sound or says TC, is a response, and repeats the question. */
function checkAcceptance(message: Uint8Array, sound: boolean): void {
  const length = questionLengthOf(message);
  if (length === 0 || 12 + length > message.length) return;
  const nameEnd = 12 + length - 4;
  const question = {
    name: message.slice(12, nameEnd),
    type: readUint16(message, nameEnd),
    class: readUint16(message, nameEnd + 2),
  };
  const options = { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: true };
  const pending = new PendingQuery(
    askMessage(question, options),
    question.name.length,
    1000,
    STOPPED,
    false,
    NOBODY,
  );
  const accepted = new ReplyCheck().accepted(pending, message);
  pending.resolve(message, { expire: () => '' });
  const flags = readFlags(message);
  const wanted = (flags & QR) !== 0 && opcodeOf(flags) === 0 && (sound || (flags & TC) !== 0);
  mustEqual(accepted !== undefined, wanted, 'a reply counts');
  must(accepted === undefined || isSound(accepted), 'what counts to be sound');
}

function checkLayouts(message: Uint8Array, random: Random): void {
  const own = message.slice(12, Math.max(12, 12 + questionLengthOf(message) - 4));
  const ownName = own.length > 0 ? own : undefined;
  const wanted = listRecords(message, ownName).filter((line) => !/^\w+ \S+ \d+ \w+ OPT\b/.test(line));
  for (const layout of [withoutOpt(message, message.length), rebuildMessage(message, message.length)]) {
    must(isSound(layout), `a sound layout, not ${Buffer.from(layout).toString('hex')}`);
    const found = listRecords(layout, ownName);
    mustEqual(found, wanted.slice(0, found.length), 'records of a layout');
    const lostWanted = wanted.slice(found.length).some((line) => !line.startsWith('additional'));
    must(found.length === wanted.length || layout.length > 60_000, 'all records to be there');
    mustEqual(isTruncated(layout), isTruncated(message) || lostWanted, 'TC of a layout');
    checkTruncation(layout, 12 + random.below(layout.length));
  }
}

function checkTruncation(message: Uint8Array, limit: number): void {
  const copy = message.slice();
  const cut = copy.subarray(0, truncate(copy, copy.length, limit));
  must(isSound(cut), 'a sound message after truncation');
  const [wanted, found] = [listRecords(message), listRecords(cut)];
  mustEqual(found, wanted.slice(0, found.length), 'records after truncation');
  must(cut.length <= limit || found.length === 0, 'a truncated message to fit');
  const lostWanted = wanted.slice(found.length).some((line) => !line.startsWith('additional'));
  mustEqual(isTruncated(cut), isTruncated(message) || lostWanted, 'TC after truncation');
}

/** What the cache does to the TTLs of an answer. */
function checkKept(message: Uint8Array): void {
  const plain = withoutOpt(message, message.length);
  const ttls = findTtls(plain, plain.length);
  mustEqual(ttls.length, listRecords(plain).length, 'number of TTLs');
  const { kind, soaTtlOffset } = classify(plain, plain.length);
  if (kind === KIND_NXDOMAIN || kind === KIND_NODATA)
    must(ttls.includes(soaTtlOffset), "the SOA's TTL among the TTLs");
  levelRrsets(plain, plain.length, ttls);
  clampTtls(plain, ttls, 5, MAX_TTL_SECONDS);
  const smallest = smallestTtl(plain, ttls);
  must(smallest === undefined || (smallest >= 5 && smallest <= MAX_TTL_SECONDS), 'TTLs within their limits');
}

/** The message as the answer to a client who asked its question, perhaps in letters of another case. */
function checkAnswer(message: Uint8Array, random: Random): void {
  const nameEnd = 12 + questionLengthOf(message) - 4;
  const otherCase = random.once(2);
  const asWritten = message.slice(12, nameEnd);
  const question = {
    name: otherCase ? asWritten.map((octet) => inSomeCase(octet, random)) : asWritten,
    type: readUint16(message, nameEnd),
    class: readUint16(message, nameEnd + 2),
  };
  const edns = random.once(2);
  const options = { recursionDesired: true, checkingDisabled: false, dnssecOk: edns && random.once(2), edns };
  const packet = askMessage(question, options);
  const query = new Query();
  must(query.read(packet, packet.length), 'a query of ours to be readable');
  query.transport = random.pick(['udp', 'tcp']);
  query.replyLimit = 1232;
  const reply = replyFromUpstream(message, 'fuzz');
  if (dependsOnTtls(reply.message, reply.ttlOffsets)) return;
  reply.ageSeconds = random.pick([0, 1, 400]);
  const out = written(query, reply);
  const { hasOpt, dnssecOk, questionLength } = query;
  checkReply({ packet, hasOpt, dnssecOk, questionLength, limit: replyLimit(query) }, out);
  checkContents(query, reply, out, otherCase ? withoutCase : undefined);
}

const isLetter = (octet: number): boolean => (octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7a;
const inSomeCase = (octet: number, random: Random): number =>
  isLetter(octet) && random.once(2) ? octet ^ 0x20 : octet;

/** A record without the case of its names, in RDATA too: what points into the question is read in the client's case. */
function withoutCase(line: string): string {
  const [section, owner, ttl, klass, type, rdata = ''] = line.toLowerCase().split(' ');
  const folded = Buffer.from(rdata, 'hex').map((octet) => (isLetter(octet) ? octet | 0x20 : octet));
  return [section, owner, ttl, klass, type, Buffer.from(folded).toString('hex')].join(' ');
}

/**
 * Whether a name of this message is read out of a TTL: pointers may lead anywhere in front of them, also where no name was. Only a
 * hostile server writes such a thing; the name then changes as the TTL counts down, which harms nobody but who asked that server.
 */
function dependsOnTtls(message: Uint8Array, ttls: Uint16Array): boolean {
  const [zeros, ones] = [0, 0xffff_ffff].map((ttl) => {
    const copy = message.slice();
    for (const offset of ttls) writeUint32(copy, offset, ttl);
    return isSound(copy) ? listRecords(copy).map((line) => line.split(' ').toSpliced(2, 1)) : undefined;
  });
  const asIs = listRecords(message).map((line) => line.split(' ').toSpliced(2, 1));
  return [zeros, ones].some((other) => JSON.stringify(other) !== JSON.stringify(asIs));
}
