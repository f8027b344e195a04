/**
 * Remembers, by hash, questions whose answers have left the cache, so that one that is asked again is known for one in use. A flood of
 * names that are asked once drives everything through the part of a store that is on trial (`use-order.ts`) in less than a second; names
 * that are asked every few seconds would never be established there, and would lose their place whenever their TTL ends. This is the A1out queue of 2Q
 * (Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", 1994), as a table in which a newer
 * question takes the place of an older one: memory and time are fixed, and forgetting is nobody's work.
 *
 * It may be wrong, once in some 30,000 questions that it is asked about: then an answer is taken for one in use that is not.
 */

/** Questions whose answers left while they were on trial: 256 KiB, some seconds of the fastest flood. */
const TRIED_BITS = 17;
/** Questions whose answers were in use until they expired: 32 KiB. Beside the others, since a flood makes few of them. */
const USED_BITS = 14;

export class LeftQuestions {
  private readonly tried = new MarkTable(TRIED_BITS);
  private readonly used = new MarkTable(USED_BITS);

  /** @param wasInUse whether it was established; it has expired then */
  note(hash: number, wasInUse: boolean): void {
    (wasInUse ? this.used : this.tried).note(hash);
  }

  has(hash: number): boolean {
    return this.used.has(hash) || this.tried.has(hash);
  }
}

/** The lower bits of a hash are its place, the upper ones its mark; 0 marks an empty place. Made when there is something to note. */
class MarkTable {
  private readonly bits: number;
  private marks: Uint16Array | undefined;

  constructor(bits: number) {
    this.bits = bits;
  }

  note(hash: number): void {
    this.marks ??= new Uint16Array(1 << this.bits);
    this.marks[this.placeOf(hash)] = markOf(hash);
  }

  has(hash: number): boolean {
    return this.marks !== undefined && this.marks[this.placeOf(hash)] === markOf(hash);
  }

  private placeOf(hash: number): number {
    return hash & ((1 << this.bits) - 1);
  }
}

const markOf = (hash: number): number => (hash >>> 17) + 1;
