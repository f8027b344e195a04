/**
 * What holds for whatever a client gets back for a packet: to be read by anybody, to belong to the query, to fit, and to tell the truth
 * about what is missing. The same for a reply that `render` wrote and for one that came over the network.
 */
import {
  AA,
  AD,
  CD,
  QR,
  RA,
  RD,
  TC,
  opcodeOf,
  readCount,
  readFlags,
  readId,
  readUint16,
} from '../../src/wire/header.ts';
import { optDnssecOk, optOwnerIsRoot, optVersion, optionsAreSound } from '../../src/wire/edns.ts';
import { RECORD, RecordWalk, messageIsSound, nameScratch } from '../../src/wire/records.ts';
import { TYPE_OPT } from '../../src/wire/registry.ts';
import { must, mustEqual } from './must.ts';

const Z = 0x0040;

/** What the server was told, as far as it could be read. */
export interface Asked {
  /** At least a header. */
  readonly packet: Uint8Array;
  readonly hasOpt: boolean;
  readonly dnssecOk: boolean;
  /** Octets of the question behind the header, 0 when it could not be read. */
  readonly questionLength: number;
  /** The most octets that the reply may have. */
  readonly limit: number;
}

/** @throws {Violation} */
export function checkReply(asked: Asked, reply: Uint8Array): void {
  const { packet } = asked;
  must(reply.length <= asked.limit, `a reply of ${reply.length} octets for a limit of ${asked.limit}`);
  must(
    messageIsSound(reply, reply.length, nameScratch()),
    `a sound reply, not ${Buffer.from(reply).toString('hex')}`,
  );
  const [sent, flags] = [readFlags(packet), readFlags(reply)];
  mustEqual(readId(reply), readId(packet), 'id');
  must((flags & QR) !== 0, 'a reply to be a response');
  must((flags & RA) !== 0, 'a reply to have RA');
  must((flags & Z) === 0, 'Z to be 0');
  mustEqual(opcodeOf(flags), opcodeOf(sent), 'opcode');
  mustEqual(flags & (RD | CD), sent & (RD | CD), 'RD and CD');
  must(
    (flags & AD) === 0 || asked.dnssecOk || (sent & AD) !== 0,
    'AD for those only who can read it (RFC 6840 5.7)',
  );
  const questionEnd = 12 + asked.questionLength;
  mustEqual(readCount(reply, 0), asked.questionLength > 0 ? 1 : 0, 'number of questions');
  mustEqual([...reply.subarray(12, questionEnd)], [...packet.subarray(12, questionEnd)], 'question');
  checkOpt(asked, reply);
}

/** One OPT, the last record, if and only if there was one in the query (RFC 6891 section 6.1.1). */
function checkOpt(asked: Asked, reply: Uint8Array): void {
  const walk = new RecordWalk();
  walk.start(reply, reply.length);
  let opts = 0;
  while (walk.next() === RECORD) {
    if (walk.type !== TYPE_OPT) {
      must(opts === 0, 'no record behind the OPT');
      continue;
    }
    opts++;
    must(walk.section === 3 && optOwnerIsRoot(walk), 'an OPT of the root in additional');
    must(optVersion(walk) === 0 && optionsAreSound(walk), 'an OPT of version 0 with sound options');
    must(walk.class >= 512, 'a payload of 512 or more');
    mustEqual(optDnssecOk(walk), asked.dnssecOk, 'DO');
    must((readUint16(reply, walk.ttlOffset + 2) & 0x7fff) === 0, 'no Z flags in the OPT');
  }
  mustEqual(opts, asked.hasOpt ? 1 : 0, 'number of OPTs');
  must(walk.nextOffset === reply.length, 'nothing behind the last record');
}

export const isTruncated = (reply: Uint8Array): boolean => (readFlags(reply) & TC) !== 0;
export const isAuthoritative = (reply: Uint8Array): boolean => (readFlags(reply) & AA) !== 0;
