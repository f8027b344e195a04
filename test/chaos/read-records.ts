/** The records of a reply in a form that does not depend on its layout: names in full and in lower case. The OPT is not among them. */
import { isOpt } from '../../src/wire/edns.ts';
import { expandName, foldOctet, nameToText } from '../../src/wire/name.ts';
import { RECORD, RecordWalk, nameScratch, skipField } from '../../src/wire/records.ts';
import { recordType } from '../../src/wire/registry.ts';

export interface ReadRecord {
  /** SECTION_ANSWER, SECTION_AUTHORITY or SECTION_ADDITIONAL. */
  readonly section: number;
  readonly ttlSeconds: number;
  readonly rdata: Uint8Array;
  readonly owner: string;
  readonly type: number;
  /** `owner type rdata` of class IN; equal for records that say the same. */
  readonly key: string;
}

/** @param message sound, as `messageIsSound` says */
export function readRecords(message: Uint8Array): ReadRecord[] {
  const walk = new RecordWalk();
  walk.start(message, message.length);
  const records: ReadRecord[] = [];
  while (walk.next() === RECORD) {
    if (isOpt(walk)) continue;
    const owner = nameToText(foldedNameAt(walk, walk.ownerOffset));
    const rdata = foldedRdata(walk);
    const { section, ttlSeconds, type } = walk;
    records.push({ section, ttlSeconds, rdata, owner, type, key: keyOf(owner, type, rdata, walk.class) });
  }
  return records;
}

export const keyOf = (owner: string, type: number, rdata: Uint8Array, klass = 1): string =>
  `${owner} ${klass === 1 ? '' : `class ${klass} `}${type} ${Buffer.from(rdata).toString('hex')}`;

function foldedNameAt(walk: RecordWalk, offset: number): Uint8Array {
  const name = nameScratch();
  return name.subarray(0, expandName(walk.message, offset, walk.end, name, 0)).map(foldOctet);
}

function foldedRdata(walk: RecordWalk): Uint8Array {
  const end = walk.rdataOffset + walk.rdataLength;
  const fields: Uint8Array[] = [];
  let offset = walk.rdataOffset;
  for (const letter of recordType(walk.type)?.layout ?? '*') {
    const next = skipField(letter, walk.message, offset, end, nameScratch());
    fields.push(letter === 'n' ? foldedNameAt(walk, offset) : walk.message.subarray(offset, next));
    offset = next;
  }
  return Buffer.concat(fields);
}
