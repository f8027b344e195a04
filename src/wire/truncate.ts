/**
 * Makes a reply fit its client (RFC 1035 section 4.1.1, RFC 2181 section 9). Records are kept from the front while they fit, as CoreDNS
 * does, rather than none: resolvers that cannot ask again over TCP (musl before 1.2.4) live on the addresses they got. TC is set when an
 * answer or authority record was left out; additional records are a courtesy and may go without it, but then whole RRsets at a time.
 */
import {
  SECTION_ADDITIONAL,
  SECTION_ANSWER,
  SECTION_AUTHORITY,
  SECTION_QUESTION,
  TC,
  readFlags,
  writeCount,
  writeFlags,
} from './header.ts';
import { equalFolded, expandName } from './name.ts';
import { RECORD, RecordWalk, nameScratch } from './records.ts';

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
  let lostSection = SECTION_QUESTION;
  const rrset = new RrsetRun();
  while (walk.next() === RECORD) {
    if (walk.section === SECTION_ADDITIONAL) rrset.add(walk);
    if (walk.nextOffset > limit) {
      lostSection = walk.section;
      break;
    }
    kept[walk.section]++;
    end = walk.nextOffset;
  }
  if (lostSection === SECTION_ADDITIONAL) {
    end = rrset.start;
    kept[SECTION_ADDITIONAL] -= rrset.records - 1;
  }
  for (const section of [SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL]) {
    writeCount(message, section, kept[section]);
  }
  const lostWanted = lostSection === SECTION_ANSWER || lostSection === SECTION_AUTHORITY;
  if (lostWanted) writeFlags(message, readFlags(message) | TC);
  return end;
}

/** The run of neighbouring records with one owner, type and class that the record last added belongs to. */
class RrsetRun {
  /** Where its first record starts, and how many records it has. */
  start = 0;
  records = 0;
  private type = -1;
  private class = -1;
  private ownerLength = 0;
  private owner = nameScratch();
  private nextOwner = nameScratch();

  add(walk: RecordWalk): void {
    const { owner, nextOwner } = this;
    const length = expandName(walk.message, walk.ownerOffset, walk.end, nextOwner, 0);
    const continues =
      walk.type === this.type &&
      walk.class === this.class &&
      length === this.ownerLength &&
      equalFolded(owner, 0, nextOwner, 0, length);
    if (!continues) {
      this.start = walk.ownerOffset;
      this.records = 0;
      this.type = walk.type;
      this.class = walk.class;
      this.ownerLength = length;
      this.owner = nextOwner;
      this.nextOwner = owner;
    }
    this.records++;
  }
}
