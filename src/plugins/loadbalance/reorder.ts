/**
 * What cannot be done where the records stand: aliases behind the addresses that they lead to come in front of them, and MX records, which
 * hold names, change places. Such a message is laid out anew, which costs more, and is rare.
 */
import type { Reply } from '../../chain/outcome.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { HEADER_OCTETS, SECTION_ANSWER, readCount, readFlags, readUint16 } from '../../wire/header.ts';
import { skipPlainName } from '../../wire/name.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';
import { TYPE_CNAME, TYPE_MX } from '../../wire/registry.ts';
import { isAddressType } from './address-sets.ts';
import type { Random } from './policies.ts';

/** Octets of type and class in front of a TTL. */
const TYPE_BEFORE_TTL = 4;

/** Whether an alias of the answer stands behind an address, or there are two MX records that may change places. */
export function needsReorder({ message, ttlOffsets, ttlCount }: Reply, withMx: boolean): boolean {
  const answers = readCount(message, SECTION_ANSWER);
  let addresses = 0;
  let exchangers = 0;
  for (let i = 0; i < ttlCount; i++) {
    const type = readUint16(message, ttlOffsets[i] - TYPE_BEFORE_TTL);
    if (type === TYPE_MX && withMx && ++exchangers > 1) return true;
    if (i < answers && isAddressType(type)) addresses++;
    if (i < answers && type === TYPE_CNAME && addresses > 0) return true;
  }
  return false;
}

/**
 * The message anew: in each section aliases first, and MX records in any order where `random` is given.
 * @returns undefined when it does not fit into a message that way.
 */
export function reordered(reply: Reply, random: Random | undefined): Uint8Array | undefined {
  const { message, length } = reply;
  const records = recordsOf(message, length).toSorted(byPlace);
  if (random !== undefined) shuffleExchangers(records, random);
  const nameEnd = skipPlainName(message, HEADER_OCTETS, length);
  const builder = new MessageBuilder(readFlags(message), length);
  builder.question(
    message.subarray(HEADER_OCTETS, nameEnd),
    readUint16(message, nameEnd),
    readUint16(message, nameEnd + 2),
  );
  for (const record of records) builder.copyRecord(record.section, record);
  return builder.overflowed ? undefined : builder.finish();
}

function recordsOf(message: Uint8Array, length: number): RecordWalk[] {
  const walk = new RecordWalk();
  const records: RecordWalk[] = [];
  if (!walk.start(message, length)) return records;
  while (walk.next() === RECORD) records.push(Object.assign(new RecordWalk(), walk));
  return records;
}

const byPlace = (a: RecordWalk, b: RecordWalk): number =>
  a.section - b.section || Number(b.type === TYPE_CNAME) - Number(a.type === TYPE_CNAME);

/** Among the places of their section that MX records have. */
function shuffleExchangers(records: RecordWalk[], random: Random): void {
  for (const section of new Set(records.map((record) => record.section))) {
    const places = [...records.keys()].filter(
      (at) => records[at].section === section && records[at].type === TYPE_MX,
    );
    for (let left = places.length; left > 1; left--) {
      const one = places[Math.floor(random() * left)];
      const other = places[left - 1];
      [records[one], records[other]] = [records[other], records[one]];
    }
  }
}
