/** The entries of one store by the second at which they are of no more use: a binary heap, the first to go on top. */
import type { EntryTable } from './entry-table.ts';
import { EXPIRY_SECOND, HEAP_PLACE, NONE } from './entry-table.ts';

const FIRST_PLACES = 64;

/** Octets that the heap takes for each entry. */
export const HEAP_OCTETS = 4;

export class ExpiryHeap {
  private readonly table: EntryTable;
  private entries = new Int32Array(FIRST_PLACES);
  size = 0;

  constructor(table: EntryTable) {
    this.table = table;
  }

  /** The entry that expires first, or NONE. */
  get top(): number {
    return this.size === 0 ? NONE : this.entries[0];
  }

  add(entry: number): void {
    if (this.size === this.entries.length) {
      const larger = new Int32Array(this.size * 2);
      larger.set(this.entries);
      this.entries = larger;
    }
    this.rise(entry, this.size++);
  }

  remove(entry: number): void {
    const place = this.table.get(entry, HEAP_PLACE);
    const last = this.entries[--this.size];
    if (last === entry) return;
    // The last one takes its place, and goes to where it belongs.
    this.sink(last, place);
    this.rise(last, this.table.get(last, HEAP_PLACE));
  }

  private rise(entry: number, from: number): void {
    const second = this.secondOf(entry);
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.secondOf(this.entries[parent]) <= second) break;
      this.put(this.entries[parent], place);
      place = parent;
    }
    this.put(entry, place);
  }

  private sink(entry: number, from: number): void {
    const second = this.secondOf(entry);
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.size) break;
      const right = child + 1;
      if (right < this.size && this.secondOf(this.entries[right]) < this.secondOf(this.entries[child])) {
        child = right;
      }
      if (this.secondOf(this.entries[child]) >= second) break;
      this.put(this.entries[child], place);
      place = child;
    }
    this.put(entry, place);
  }

  private secondOf(entry: number): number {
    return this.table.get(entry, EXPIRY_SECOND);
  }

  private put(entry: number, place: number): void {
    this.entries[place] = entry;
    this.table.set(entry, HEAP_PLACE, place);
  }
}
