/**
 * Finds entries by the hash of their question: linear hashing (Litwin 1980). The table of buckets grows by one bucket at a time, so no
 * insertion ever stops to move everything, as a hash map that doubles does.
 */
import type { EntryTable } from './entry-table.ts';
import { HASH, NEXT_IN_BUCKET, NONE } from './entry-table.ts';

const FIRST_BUCKETS = 256;
const CHUNK_BITS = 12;
const CHUNK_BUCKETS = 1 << CHUNK_BITS;

/** Octets that the index takes for each entry. */
export const INDEX_OCTETS = 4;

export class EntryIndex {
  private readonly table: EntryTable;
  /** The first entry of each bucket. */
  private readonly chunks: Int32Array[] = [];
  /** Buckets at the beginning of this round of growth; each of them is split once in it. */
  private base = FIRST_BUCKETS;
  /** Buckets of this round that are split already. */
  private split = 0;
  private entries = 0;

  constructor(table: EntryTable) {
    this.table = table;
    this.chunks.push(new Int32Array(CHUNK_BUCKETS).fill(NONE));
  }

  /** The first entry that may have this hash; the others follow by NEXT_IN_BUCKET. */
  first(hash: number): number {
    return this.head(this.bucketOf(hash));
  }

  add(entry: number): void {
    const bucket = this.bucketOf(this.table.get(entry, HASH));
    this.table.set(entry, NEXT_IN_BUCKET, this.head(bucket));
    this.setHead(bucket, entry);
    if (++this.entries > this.base + this.split) this.grow();
  }

  remove(entry: number): void {
    const { table } = this;
    const bucket = this.bucketOf(table.get(entry, HASH));
    const next = table.get(entry, NEXT_IN_BUCKET);
    this.entries--;
    let at = this.head(bucket);
    if (at === entry) return this.setHead(bucket, next);
    while (table.get(at, NEXT_IN_BUCKET) !== entry) at = table.get(at, NEXT_IN_BUCKET);
    table.set(at, NEXT_IN_BUCKET, next);
  }

  private bucketOf(hash: number): number {
    const bucket = hash & (2 * this.base - 1);
    return bucket < this.base + this.split ? bucket : bucket - this.base;
  }

  private head(bucket: number): number {
    return this.chunks[bucket >> CHUNK_BITS][bucket & (CHUNK_BUCKETS - 1)];
  }

  private setHead(bucket: number, entry: number): void {
    this.chunks[bucket >> CHUNK_BITS][bucket & (CHUNK_BUCKETS - 1)] = entry;
  }

  /** Splits the next bucket in two. */
  private grow(): void {
    const { table, base, split } = this;
    let entry = this.head(split);
    let stay = NONE;
    let move = NONE;
    while (entry !== NONE) {
      const next = table.get(entry, NEXT_IN_BUCKET);
      const moves = (table.get(entry, HASH) & base) !== 0;
      table.set(entry, NEXT_IN_BUCKET, moves ? move : stay);
      if (moves) move = entry;
      else stay = entry;
      entry = next;
    }
    if (base + split === this.chunks.length * CHUNK_BUCKETS) {
      this.chunks.push(new Int32Array(CHUNK_BUCKETS).fill(NONE));
    }
    this.setHead(split, stay);
    this.setHead(base + split, move);
    this.split++;
    if (this.split === base) {
      this.base = base * 2;
      this.split = 0;
    }
  }
}
