/** The load's queries, and who answered one. */
import { askMessage } from '../../../../src/wire/ask-message.ts';
import { nameFromText } from '../../../../src/wire/name.ts';
import { CLASS_IN, TYPE_A, TYPE_AAAA } from '../../../../src/wire/registry.ts';
import { WHO_ERROR } from './options.ts';

const HEADER_OCTETS = 12;
const POINTER = 0xc0;
/** Type, class, TTL and length of a record. */
const FIXED_OCTETS = 10;

/** Without EDNS, as most clients of a cluster ask. */
export function questionFor(name: string, type: 'A' | 'AAAA'): Buffer {
  const question = { name: nameFromText(name), type: type === 'A' ? TYPE_A : TYPE_AAAA, class: CLASS_IN };
  const options = { recursionDesired: true, checkingDisabled: false, dnssecOk: false, edns: false };
  return Buffer.from(askMessage(question, options));
}

/** The last octet of the first answer's data, by which `plan.ts` tells servers apart. */
export function whoAnswered(message: Buffer): number {
  if ((message.readUInt16BE(2) & 15) !== 0 || message.readUInt16BE(6) === 0) return WHO_ERROR;
  const data = afterName(message, afterName(message, HEADER_OCTETS) + 4) + FIXED_OCTETS;
  return message.at(data + message.readUInt16BE(data - 2) - 1) ?? WHO_ERROR;
}

function afterName(message: Buffer, from: number): number {
  let at = from;
  for (let length = message.readUInt8(at); length !== 0; length = message.readUInt8(at)) {
    if (length >= POINTER) return at + 2;
    at += length + 1;
  }
  return at + 1;
}
