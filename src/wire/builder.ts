/**
 * Builds a message record by record, compressing owner names and, in the types of RFC 1035, names in RDATA (RFC 3597 section 4). Used
 * where a message is made or laid out anew: answers of our own, and upstream answers that have to shrink or lose records. Answers that
 * can stay as they are never come here.
 *
 * A pointer is written only to octets that are the same, case included; the one exception is the question's own name, whatever its case.
 * What points into the question is read in the case that the client sent, as it is in what other servers write.
 */
import {
  HEADER_OCTETS,
  SECTION_ADDITIONAL,
  TC,
  readCount,
  readFlags,
  readUint16,
  writeCount,
  writeFlags,
  writeUint16,
  writeUint32,
} from './header.ts';
import { isOpt } from './edns.ts';
import { MALFORMED, equalFolded, expandName, skipName, skipPlainName } from './name.ts';
import { RECORD, RecordWalk, nameScratch, skipField } from './records.ts';
import { recordType } from './registry.ts';

export const MAX_MESSAGE_OCTETS = 65_535;
/** Offsets that 14 bits of pointer reach (RFC 1035 section 4.1.4). */
const MAX_POINTER_TARGET = 0x3fff;
/** In a row, from one name to the next. Readers have a limit: Go's resolver follows ten, ours follows MAX_POINTERS. */
const MOST_POINTERS = 10;
const POINTER_TO_QUESTION = 0xc000 | HEADER_OCTETS;

interface Suffix {
  /** Offset in the message. */
  readonly at: number;
  /** How many pointers a reader follows from there. */
  readonly chain: { readonly pointers: number };
}

export class MessageBuilder {
  private out: Uint8Array;
  private at = HEADER_OCTETS;
  private questionNameLength = 0;
  private readonly counts = [0, 0, 0, 0];
  /** Suffixes written so far, as latin1 of their octets. */
  private readonly suffixes = new Map<string, Suffix>();
  private readonly scratch = nameScratch();
  /**
   * Set when a record did not fit into MAX_MESSAGE_OCTETS. The message is then without it and all that come after it, and says TC when
   * that was an answer or authority record (RFC 2181 section 9).
   */
  overflowed = false;

  constructor(flags: number, sizeHint = 512) {
    this.out = new Uint8Array(Math.max(HEADER_OCTETS, sizeHint));
    writeFlags(this.out, flags);
  }

  /** The one question, in front of every record. `name` is an expanded name. */
  question(name: Uint8Array, type: number, klass: number): this {
    this.reserve(name.length + 4);
    this.questionNameLength = name.length;
    this.name(name, 0, name.length, true);
    writeUint16(this.out, this.at, type);
    writeUint16(this.out, this.at + 2, klass);
    this.at += 4;
    this.counts[0] = 1;
    return this;
  }

  /**
   * Appends a record whose RDATA is given without compression. Sections have to come in order.
   * @param section SECTION_ANSWER, SECTION_AUTHORITY or SECTION_ADDITIONAL.
   */
  record(
    section: number,
    owner: Uint8Array,
    type: number,
    klass: number,
    ttlSeconds: number,
    rdata: Uint8Array,
  ): this {
    if (this.overflowed) return this;
    const start = this.beginRecord(owner, owner.length, type, klass, ttlSeconds, rdata.length);
    this.out.set(rdata, this.at);
    this.at += rdata.length;
    this.endRecord(section, start);
    return this;
  }

  /** Appends the record under a walk of another, sound message, its names laid out anew. */
  copyRecord(section: number, walk: RecordWalk): void {
    if (this.overflowed) return;
    const { message, end, scratch } = this.source(walk);
    const ownerLength = expandName(message, walk.ownerOffset, end, scratch, 0);
    if (ownerLength === MALFORMED) return;
    // Expanded names in RDATA may take more room than their pointers did: at most a full name a field.
    const start = this.beginRecord(
      scratch,
      ownerLength,
      walk.type,
      walk.class,
      walk.ttlSeconds,
      walk.rdataLength + 512,
    );
    this.copyRdata(walk);
    this.endRecord(section, start);
  }

  /** The finished message: a view of exactly its octets, id 0. */
  finish(): Uint8Array {
    for (let section = 0; section < this.counts.length; section++) {
      writeCount(this.out, section, this.counts[section]);
    }
    return this.out.subarray(0, this.at);
  }

  private source(walk: RecordWalk): { message: Uint8Array; end: number; scratch: Uint8Array } {
    return { message: walk.message, end: walk.end, scratch: this.scratch };
  }

  private beginRecord(
    owner: Uint8Array,
    ownerLength: number,
    type: number,
    klass: number,
    ttlSeconds: number,
    rdataRoom: number,
  ): number {
    const start = this.at;
    this.reserve(ownerLength + 10 + rdataRoom);
    this.name(owner, 0, ownerLength, true);
    writeUint16(this.out, this.at, type);
    writeUint16(this.out, this.at + 2, klass);
    writeUint32(this.out, this.at + 4, ttlSeconds);
    this.at += 10;
    return start;
  }

  private endRecord(section: number, start: number): void {
    if (this.at > MAX_MESSAGE_OCTETS) {
      this.overflowed = true;
      this.at = start;
      if (section !== SECTION_ADDITIONAL) writeFlags(this.out, readFlags(this.out) | TC);
      return;
    }
    const rdataStart = skipName(this.out, start, this.at) + 10;
    writeUint16(this.out, rdataStart - 2, this.at - rdataStart);
    this.counts[section]++;
  }

  private copyRdata(walk: RecordWalk): void {
    const row = recordType(walk.type);
    const layout = row?.layout ?? '*';
    const end = walk.rdataOffset + walk.rdataLength;
    let offset = walk.rdataOffset;
    for (let field = 0; field < layout.length; field++) {
      const next = skipField(layout[field], walk.message, offset, end, this.scratch);
      if (next === MALFORMED) return;
      if (layout[field] === 'n') {
        const octets = expandName(walk.message, offset, walk.end, this.scratch, 0);
        if (octets === MALFORMED) return;
        this.name(this.scratch, 0, octets, row?.compressible ?? false);
      } else {
        this.out.set(walk.message.subarray(offset, next), this.at);
        this.at += next - offset;
      }
      offset = next;
    }
  }

  /** Writes an expanded name, its longest known suffix as a pointer where `compress` allows. */
  private name(name: Uint8Array, offset: number, length: number, compress: boolean): void {
    const octets = Buffer.from(name.buffer, name.byteOffset, name.byteLength);
    const end = offset + length;
    // All suffixes of one name have the same pointers behind them, which are known at its end.
    const chain = { pointers: 0 };
    let most = MOST_POINTERS;
    while (name[offset] !== 0) {
      if (compress && this.pointsToQuestion(name, offset, end)) {
        chain.pointers = 1;
        return;
      }
      const suffix = octets.toString('latin1', offset, end);
      const known = this.suffixes.get(suffix);
      const isNear = known !== undefined && known.chain.pointers < most;
      // Written as far as it has to be for the names that will stand on it to have all their pointers again.
      if (known !== undefined && !isNear) most = 1;
      if (compress && isNear) {
        chain.pointers = known.chain.pointers + 1;
        writeUint16(this.out, this.at, 0xc000 | known.at);
        this.at += 2;
        return;
      }
      if (!isNear && this.at <= MAX_POINTER_TARGET) this.suffixes.set(suffix, { at: this.at, chain });
      const labelOctets = name[offset] + 1;
      this.out.set(name.subarray(offset, offset + labelOctets), this.at);
      this.at += labelOctets;
      offset += labelOctets;
    }
    this.out[this.at++] = 0;
  }

  private pointsToQuestion(name: Uint8Array, offset: number, end: number): boolean {
    const length = this.questionNameLength;
    if (this.at === HEADER_OCTETS || length <= 1 || end - offset !== length) return false;
    if (!equalFolded(name, offset, this.out, HEADER_OCTETS, length)) return false;
    writeUint16(this.out, this.at, POINTER_TO_QUESTION);
    this.at += 2;
    return true;
  }

  private reserve(octets: number): void {
    if (this.at + octets <= this.out.length) return;
    const grown = new Uint8Array(Math.max(this.out.length * 2, this.at + octets));
    grown.set(this.out.subarray(0, this.at));
    this.out = grown;
  }
}

/**
 * A sound message laid out anew: compressed, and without its OPT. A question is kept where it is the only one.
 * @param keep says of each record whether it stays; all but the OPT do when it is left out.
 */
export function rebuildMessage(
  message: Uint8Array,
  length: number,
  keep?: (walk: RecordWalk) => boolean,
): Uint8Array {
  const walk = new RecordWalk();
  const builder = new MessageBuilder(readFlags(message), length);
  const nameEnd = skipPlainName(message, HEADER_OCTETS, length);
  if (readCount(message, 0) === 1 && nameEnd !== MALFORMED && nameEnd + 4 <= length) {
    const name = message.subarray(HEADER_OCTETS, nameEnd);
    builder.question(name, readUint16(message, nameEnd), readUint16(message, nameEnd + 2));
  }
  if (walk.start(message, length)) {
    while (!builder.overflowed && walk.next() === RECORD) {
      if (!isOpt(walk) && (keep === undefined || keep(walk))) builder.copyRecord(walk.section, walk);
    }
  }
  return builder.finish();
}

/**
 * The message without its OPT, in as little work as its layout allows: cut where the OPT is the last record, laid out anew otherwise.
 * @returns a message of its own, sharing nothing with `message`.
 */
export function withoutOpt(message: Uint8Array, length: number): Uint8Array {
  const walk = new RecordWalk();
  let end = length;
  if (walk.start(message, length)) {
    end = walk.nextOffset;
    while (walk.next() === RECORD) {
      if (!isOpt(walk)) {
        end = walk.nextOffset;
        continue;
      }
      const optOffset = walk.ownerOffset;
      if (walk.section !== SECTION_ADDITIONAL || walk.next() === RECORD)
        return rebuildMessage(message, length);
      const cut = message.slice(0, optOffset);
      writeCount(cut, SECTION_ADDITIONAL, readCount(cut, SECTION_ADDITIONAL) - 1);
      return cut;
    }
  }
  return message.slice(0, end);
}
