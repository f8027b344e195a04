/** Whether a message answers a question: name, type and class, the name's ASCII case aside (RFC 5452 section 9.1, RFC 4343). */
import { HEADER_OCTETS, SECTION_QUESTION, readCount, readUint16 } from './header.ts';
import { equalFolded } from './name.ts';

/** @param name expanded, `nameLength` octets of it count. */
export function hasQuestion(
  message: Uint8Array,
  length: number,
  name: Uint8Array,
  nameLength: number,
  type: number,
  klass: number,
): boolean {
  const questionEnd = HEADER_OCTETS + nameLength + 4;
  return (
    length >= questionEnd &&
    readCount(message, SECTION_QUESTION) === 1 &&
    equalFolded(message, HEADER_OCTETS, name, 0, nameLength) &&
    readUint16(message, questionEnd - 4) === type &&
    readUint16(message, questionEnd - 2) === klass
  );
}
