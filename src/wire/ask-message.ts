/**
 * The query that we send ourselves: one question and our own OPT. Nothing of the client's message but the question, DO and CD gets in,
 * so two clients who ask the same thing cause the same octets (RFC 5452 section 5).
 */
import {
  AD,
  CD,
  HEADER_OCTETS,
  RD,
  SECTION_ADDITIONAL,
  SECTION_QUESTION,
  writeCount,
  writeFlags,
  writeId,
  writeUint16,
} from './header.ts';
import { DEFAULT_UDP_PAYLOAD, OPT_OCTETS, writeOpt } from './edns.ts';

const NO_OCTETS = new Uint8Array(0);

export interface Question {
  /** Expanded, in the case to be asked. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
}

export interface AskOptions {
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly dnssecOk: boolean;
  /** False for servers that answered FORMERR to an OPT (RFC 6891 section 7). */
  readonly edns: boolean;
  /** EDNS options as they stand in an OPT: codes, lengths and data. */
  readonly optionOctets?: Uint8Array | undefined;
}

/**
 * A query message in octets of its own, with an id of 0 to be overwritten.
 * @param edns whether it carries an OPT, where that is decided apart from the other options
 */
export function askMessage(
  question: Question,
  options: AskOptions,
  edns: boolean = options.edns,
): Uint8Array {
  const questionLength = question.name.length + 4;
  const { optionOctets = NO_OCTETS } = options;
  const optOctets = edns ? OPT_OCTETS + optionOctets.length : 0;
  const message = new Uint8Array(HEADER_OCTETS + questionLength + optOctets);
  writeId(message, 0);
  // AD asks for the AD bit of the answer without asking for signatures (RFC 6840 section 5.7).
  writeFlags(message, AD | (options.recursionDesired ? RD : 0) | (options.checkingDisabled ? CD : 0));
  writeCount(message, SECTION_QUESTION, 1);
  message.set(question.name, HEADER_OCTETS);
  writeUint16(message, HEADER_OCTETS + question.name.length, question.type);
  writeUint16(message, HEADER_OCTETS + question.name.length + 2, question.class);
  if (edns) {
    writeCount(message, SECTION_ADDITIONAL, 1);
    const optOffset = HEADER_OCTETS + questionLength;
    const optEnd = writeOpt(message, optOffset, DEFAULT_UDP_PAYLOAD, 0, options.dnssecOk, undefined);
    writeUint16(message, optEnd - 2, optionOctets.length);
    message.set(optionOctets, optEnd);
  }
  return message;
}
