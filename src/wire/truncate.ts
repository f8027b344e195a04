/**
 * Makes a reply fit its client (RFC 1035 section 4.1.1, RFC 2181 section 9). Records are kept from the front while they fit, as CoreDNS
 * does, rather than none: resolvers that cannot ask again over TCP (musl before 1.2.4) live on the addresses they got. TC is set when an
 * answer or authority record was left out; additional records are a courtesy and may go without it.
 */
import {
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  TC,
  readFlags,
  writeCount,
  writeFlags,
} from './header.ts';
import { RECORD, RecordWalk } from './records.ts';

/**
 * Cuts a sound message without OPT to at most `limit` octets at a record's border, in place: counts and TC are set.
 * @returns the new length.
 */
export function truncate(message: Uint8Array, length: number, limit: number): number {
  if (length <= limit) return length;
  const walk = new RecordWalk();
  if (!walk.start(message, length)) return length;
  const kept = [0, 0, 0, 0];
  let end = walk.nextOffset;
  let lostSection = 0;
  while (walk.next() === RECORD) {
    if (walk.nextOffset > limit) {
      lostSection = walk.section;
      break;
    }
    kept[walk.section]++;
    end = walk.nextOffset;
  }
  for (const section of [SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL]) {
    writeCount(message, section, kept[section]);
  }
  if (lostSection !== SECTION_ADDITIONAL) writeFlags(message, readFlags(message) | TC);
  return end;
}
