/**
 * Replies that must not count: each has one thing that does not fit the question, and an address or a denial that no zone has. Who
 * believes one of them gives an answer that the judge knows for a lie.
 */
import { QR, RA, RD, SECTION_ANSWER, writeFlags, writeId } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, TYPE_A, TYPE_AAAA } from '../../src/wire/registry.ts';
import type { Random } from '../fuzz/random.ts';
import { FORGED_ADDRESS, VICTIM, begin, finish } from './upstream-answer.ts';
import type { Question } from './upstream-answer.ts';

export interface Lie {
  readonly octets: Uint8Array;
  /** To be sent from a port that was not asked; the octets alone would be good. */
  readonly elsewhere: boolean;
}

const LONG_SECONDS = 3_600;
const CLASS_CHAOS = 3;

type Forgery = (question: Question, random: Random) => Uint8Array;

const wrongId: Forgery = (question, random) => {
  const message = forged(question);
  writeId(message, question.id ^ (1 + random.below(0xffff)));
  return message;
};

const noResponse: Forgery = (question) => {
  const message = forged(question);
  writeFlags(message, RD);
  return message;
};

const otherName: Forgery = (question) => forged({ ...question, name: nameFromText(`not.${VICTIM}`) });

/** A good answer to something that nobody asked. */
const victimsName: Forgery = (question) => forged({ ...question, name: nameFromText(VICTIM), type: TYPE_A });

const otherType: Forgery = (question) =>
  forged({ ...question, type: question.type === TYPE_A ? TYPE_AAAA : TYPE_A });

const otherClass: Forgery = (question) => forged({ ...question, class: CLASS_CHAOS });

/** Ends within its only record. */
const cutShort: Forgery = (question, random) => {
  const message = forged(question);
  return message.slice(0, message.length - 1 - random.below(14));
};

const noQuestion: Forgery = (question) => {
  const message = Uint8Array.from(Buffer.alloc(12));
  writeId(message, question.id);
  writeFlags(message, QR | RD | RA);
  return message;
};

const FORGERIES: readonly Forgery[] = [
  wrongId,
  wrongId,
  noResponse,
  otherName,
  victimsName,
  otherType,
  otherClass,
  cutShort,
  noQuestion,
];

export function liesAbout(question: Question, random: Random, transport: 'udp' | 'tcp'): Lie {
  // The name that is lied about may be the one that is asked: then it is no lie to say so.
  if (transport === 'udp' && random.once(5)) return { octets: forged(question), elsewhere: true };
  const octets = random.pick(FORGERIES)(question, random);
  return {
    octets: namesTheQuestion(question, octets) ? wrongId(question, random) : octets,
    elsewhere: false,
  };
}

/** Whether a forgery came out as a reply to the very question: an honest server would not have said it. */
function namesTheQuestion(question: Question, octets: Uint8Array): boolean {
  const honest = forged(question);
  return Buffer.compare(octets, honest) === 0;
}

/** A reply that fits in everything, with an address that no zone has. */
function forged(question: Question): Uint8Array {
  const flags = QR | RD | RA;
  const builder = begin(question, flags);
  builder.record(SECTION_ANSWER, question.name, TYPE_A, CLASS_IN, LONG_SECONDS, FORGED_ADDRESS);
  return finish(builder, question, 0);
}
