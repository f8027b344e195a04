/** What an upstream of a chaos run writes: the truth about a question, or that it will not say. */
import { MessageBuilder } from '../../src/wire/builder.ts';
import { OPT_OCTETS, writeOpt } from '../../src/wire/edns.ts';
import {
  HEADER_OCTETS,
  QR,
  RA,
  RD,
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  TC,
  readCount,
  writeCount,
  writeId,
} from '../../src/wire/header.ts';
import { nameFromText, nameToText } from '../../src/wire/name.ts';
import type { QueryMessage } from '../../src/wire/query.ts';
import { CLASS_IN, TYPE_A } from '../../src/wire/registry.ts';
import { secondOf, truthOf } from './zone.ts';

export interface Question {
  readonly id: number;
  /** Wire form, its case as sent. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
  readonly hasOpt: boolean;
  readonly udpSize: number;
}

/** Somebody's name: what is said about it beside an answer about another must never be believed. */
export const VICTIM = 'svc-1.default.svc.cluster.local.';
export const FORGED_ADDRESS = Uint8Array.of(203, 0, 113, 66);
const UDP_OCTETS = 1232;

/** Undefined for what nobody answers. */
export function readQuestion(query: QueryMessage, message: Uint8Array): Question | undefined {
  if (message.length < HEADER_OCTETS || !query.read(message, message.length)) return undefined;
  if (query.nameLength === 0) return undefined;
  const name = message.slice(HEADER_OCTETS, HEADER_OCTETS + query.nameLength);
  const { id, type, hasOpt, udpSize } = query;
  return { id, name, type, class: query.class, hasOpt, udpSize };
}

/**
 * The answer of this moment, cut to nothing where it does not fit into a datagram of the client's.
 * @param withForgery adds an address of somebody else's name to the additional section
 */
export function honestAnswer(question: Question, transport: 'udp' | 'tcp', withForgery = false): Uint8Array {
  const name = nameToText(question.name).toLowerCase();
  const { rcode, answers, soa } = truthOf(name, question.type, secondOf(Date.now()));
  const builder = begin(question, QR | RD | RA | rcode);
  for (const { owner, type, ttlSeconds, rdata } of answers) {
    builder.record(SECTION_ANSWER, nameFromText(owner), type, CLASS_IN, ttlSeconds, rdata);
  }
  if (soa !== undefined) {
    const owner = nameFromText(soa.owner);
    builder.record(SECTION_AUTHORITY, owner, soa.type, CLASS_IN, soa.ttlSeconds, soa.rdata);
  }
  if (withForgery) {
    builder.record(SECTION_ADDITIONAL, nameFromText(VICTIM), TYPE_A, CLASS_IN, 3_600, FORGED_ADDRESS);
  }
  const message = finish(builder, question, rcode);
  const limit = transport === 'tcp' ? Infinity : Math.min(question.udpSize, UDP_OCTETS);
  return message.length <= limit ? message : refusal(question, rcode, true);
}

/** A reply with nothing in it. */
export function refusal(question: Question, rcode: number, truncated = false): Uint8Array {
  return finish(begin(question, QR | RD | RA | rcode | (truncated ? TC : 0)), question, rcode);
}

export const begin = (question: Question, flags: number): MessageBuilder =>
  new MessageBuilder(flags).question(question.name, question.type, question.class);

/** With an OPT where the query had one. */
export function finish(builder: MessageBuilder, question: Question, rcode: number): Uint8Array {
  const message = builder.finish();
  writeId(message, question.id);
  if (!question.hasOpt) return message;
  const extended = new Uint8Array(message.length + OPT_OCTETS);
  extended.set(message);
  writeOpt(extended, message.length, UDP_OCTETS, rcode, false, undefined);
  writeCount(extended, SECTION_ADDITIONAL, readCount(extended, SECTION_ADDITIONAL) + 1);
  return extended;
}
