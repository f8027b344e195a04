/**
 * A query as received, read once: question and OPT. The fields hold offsets and numbers; the octets stay in the message. One object
 * serves many messages: `read` sets every field anew.
 */
import { AD, CD, HEADER_OCTETS, RD, SECTION_ADDITIONAL, readFlags, readId, readUint16 } from './header.ts';
import {
  MIN_UDP_PAYLOAD,
  isOpt,
  optDnssecOk,
  optOwnerIsRoot,
  optUdpSize,
  optVersion,
  optionsAreSound,
} from './edns.ts';
import { MALFORMED, skipPlainName } from './name.ts';
import { END, RECORD, RecordWalk } from './records.ts';

const NO_OCTETS = new Uint8Array(0);

export class QueryMessage {
  /** The octets as received; only the first `length` count. They belong to the listener (see `chain/query.ts`). */
  message: Uint8Array = NO_OCTETS;
  length = 0;
  id = 0;
  /** The second word of the header: RD, CD and AD of the client are in it. */
  flags = 0;
  /** Octets of the question's name, which stands uncompressed at HEADER_OCTETS. 0 when the question could not be read. */
  nameLength = 0;
  type = 0;
  class = 0;
  hasOpt = false;
  /** The client's UDP payload size in octets, never under 512; 512 without an OPT. */
  udpSize = MIN_UDP_PAYLOAD;
  ednsVersion = 0;
  dnssecOk = false;

  private readonly walk = new RecordWalk();

  get recursionDesired(): boolean {
    return (this.flags & RD) !== 0;
  }

  get checkingDisabled(): boolean {
    return (this.flags & CD) !== 0;
  }

  /** Whether the client understands an AD bit in the reply (RFC 6840 section 5.7). */
  get wantsAuthenticData(): boolean {
    return this.dnssecOk || (this.flags & AD) !== 0;
  }

  /** Octets of question behind the header, name, type and class. */
  get questionLength(): number {
    return this.nameLength === 0 ? 0 : this.nameLength + 4;
  }

  /**
   * Reads a message that `screenHeader` let through.
   * @returns false when it is malformed: FORMERR. Question fields are set as far as they could be read, so that the error can carry them.
   */
  read(message: Uint8Array, length: number): boolean {
    this.clear();
    this.message = message;
    this.length = length;
    this.id = readId(message);
    this.flags = readFlags(message);
    return this.readQuestion() && this.readRecords();
  }

  /** Back to a query of which nothing is known. */
  clear(): void {
    this.message = NO_OCTETS;
    this.length = 0;
    this.id = 0;
    this.flags = 0;
    this.nameLength = 0;
    this.type = 0;
    this.class = 0;
    this.hasOpt = false;
    this.udpSize = MIN_UDP_PAYLOAD;
    this.ednsVersion = 0;
    this.dnssecOk = false;
  }

  private readQuestion(): boolean {
    const nameEnd = skipPlainName(this.message, HEADER_OCTETS, this.length);
    if (nameEnd === MALFORMED || nameEnd + 4 > this.length) return false;
    this.nameLength = nameEnd - HEADER_OCTETS;
    this.type = readUint16(this.message, nameEnd);
    this.class = readUint16(this.message, nameEnd + 2);
    return true;
  }

  private readRecords(): boolean {
    const { walk } = this;
    walk.startAt(this.message, this.length, HEADER_OCTETS + this.nameLength + 4);
    for (;;) {
      const step = walk.next();
      if (step !== RECORD) return step === END;
      if (isOpt(walk) && !this.readOpt(walk)) return false;
    }
  }

  /** RFC 6891 section 6.1.1: one OPT, in additional, owned by the root; anything else is FORMERR. */
  private readOpt(walk: RecordWalk): boolean {
    if (this.hasOpt || walk.section !== SECTION_ADDITIONAL || !optOwnerIsRoot(walk)) return false;
    this.hasOpt = true;
    this.ednsVersion = optVersion(walk);
    this.udpSize = Math.max(MIN_UDP_PAYLOAD, optUdpSize(walk));
    this.dnssecOk = optDnssecOk(walk);
    // Options of a version that is not ours may have any shape; the answer is BADVERS (section 6.1.3).
    return this.ednsVersion !== 0 || optionsAreSound(walk);
  }
}
