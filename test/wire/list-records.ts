/** A message as a list of what it says, whatever its layout: names expanded, so that two messages that say the same give equal lists. */
import { readUint16 } from '../../src/wire/header.ts';
import { expandName, isWithin, nameToText, skipName } from '../../src/wire/name.ts';
import { RECORD, RecordWalk, messageIsSound, nameScratch, skipField } from '../../src/wire/records.ts';
import { className, recordType, typeName } from '../../src/wire/registry.ts';

const SECTIONS = ['question', 'answer', 'authority', 'additional'];

/** `name class type` of each question. */
export function listQuestions(message: Uint8Array): string[] {
  const questions: string[] = [];
  let offset = 12;
  for (let left = readUint16(message, 4); left > 0; left--) {
    const name = nameToText(expandedAt(message, offset));
    offset = skipName(message, offset, message.length) + 4;
    questions.push(
      `${name} ${className(readUint16(message, offset - 2))} ${typeName(readUint16(message, offset - 4))}`,
    );
  }
  return questions;
}

/**
 * `section owner ttl class type rdata`, in order; RDATA in hexadecimal.
 * @param ownName expanded; names that are it or below it are told with it in this case: the one case that a layout may change is that
 * of the question's own name
 * @throws Error when the message is not sound
 */
export function listRecords(message: Uint8Array, ownName?: Uint8Array): string[] {
  if (!messageIsSound(message, message.length, nameScratch())) throw new Error('the message is not sound');
  const records: string[] = [];
  const walk = new RecordWalk();
  walk.start(message, message.length);
  while (walk.next() === RECORD) {
    // No space in a name, so that a line can be taken apart at spaces.
    const owner = nameToText(inCaseOf(ownName, expandedAt(message, walk.ownerOffset))).replaceAll(' ', '032');
    const rdata = Buffer.from(expandedRdata(walk, ownName)).toString('hex');
    records.push(
      `${SECTIONS[walk.section]} ${owner} ${walk.ttlSeconds} ${className(walk.class)} ${typeName(walk.type)} ${rdata}`.trimEnd(),
    );
  }
  return records;
}

function expandedAt(message: Uint8Array, offset: number): Uint8Array {
  const name = nameScratch();
  return name.subarray(0, expandName(message, offset, message.length, name, 0));
}

function inCaseOf(ownName: Uint8Array | undefined, name: Uint8Array): Uint8Array {
  if (ownName !== undefined && isWithin(name, ownName)) name.set(ownName, name.length - ownName.length);
  return name;
}

/** RDATA with the names of the registry's types in full. */
function expandedRdata(walk: RecordWalk, ownName?: Uint8Array): Uint8Array {
  const end = walk.rdataOffset + walk.rdataLength;
  const fields: Uint8Array[] = [];
  let offset = walk.rdataOffset;
  for (const letter of recordType(walk.type)?.layout ?? '*') {
    const next = skipField(letter, walk.message, offset, end, nameScratch());
    const bytes =
      letter === 'n'
        ? inCaseOf(ownName, expandedAt(walk.message, offset))
        : walk.message.subarray(offset, next);
    fields.push(bytes);
    offset = next;
  }
  return Buffer.concat(fields);
}
