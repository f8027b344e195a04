/**
 * The records of all cached answers of the process: sixteen numbers each, side by side in big arrays. No object stands for an answer, so
 * the garbage collector has nothing to walk through however many there are. A record fills one line of the processor's cache.
 */

/** Stands for no entry, no block, no place. */
export const NONE = -1;

/** The numbers of an entry, by their place. */
export const HASH = 0;
/** The next entry of the same bucket of the index. */
export const NEXT_IN_BUCKET = 1;
/** Neighbours in the order of use: towards the most and the least recently used. */
export const NEWER = 2;
export const OLDER = 3;
/** The number of the store that the entry is in. */
export const STORE = 4;
/** The first block of the message. */
export const FIRST_BLOCK = 5;
export const MESSAGE_OCTETS = 6;
export const TTL_COUNT = 7;
/** Milliseconds at which the answer was kept, in two parts: multiples of 2³¹, and the rest. */
export const STORED_HIGH = 8;
export const STORED_LOW = 9;
export const LIFE_MS = 10;
/** The second at which the answer has expired, and its place in the heap that is ordered by it. */
export const EXPIRY_SECOND = 11;
export const HEAP_PLACE = 12;
/** The second of the last use that moved the entry in the order of use. */
export const USED_SECOND = 13;
/** Bits; see `entry-flags.ts`. */
export const FLAGS = 14;
/** The number of the cache whose question this is. */
export const CACHE = 15;
const ENTRY_WORDS = 16;

/** 64 KiB a piece. */
const CHUNK_BITS = 10;
const CHUNK_ENTRIES = 1 << CHUNK_BITS;

/** Octets that a record takes. */
export const ENTRY_OCTETS = ENTRY_WORDS * 4;

export class EntryTable {
  private readonly chunks: Int32Array[] = [];
  private made = 0;
  /** The last entry that was given back; the others follow by NEXT_IN_BUCKET. */
  private free = NONE;

  get(entry: number, field: number): number {
    return this.chunks[entry >> CHUNK_BITS][(entry & (CHUNK_ENTRIES - 1)) * ENTRY_WORDS + field];
  }

  set(entry: number, field: number, value: number): void {
    this.chunks[entry >> CHUNK_BITS][(entry & (CHUNK_ENTRIES - 1)) * ENTRY_WORDS + field] = value;
  }

  /** A record with whatever numbers are in it. */
  take(): number {
    const entry = this.free;
    if (entry !== NONE) {
      this.free = this.get(entry, NEXT_IN_BUCKET);
      return entry;
    }
    if (this.made === this.chunks.length * CHUNK_ENTRIES) {
      this.chunks.push(new Int32Array(CHUNK_ENTRIES * ENTRY_WORDS));
    }
    return this.made++;
  }

  giveBack(entry: number): void {
    this.set(entry, NEXT_IN_BUCKET, this.free);
    this.free = entry;
  }
}
