/**
 * The octets of cached answers, in blocks of 64 that are chained: any free block serves any answer, so nothing is ever moved together and
 * nothing is lost between answers of different lengths. Memory that was taken once is used again and never given back to the system.
 */
import { NONE } from './entry-table.ts';

const BLOCK_OCTETS = 64;
const BLOCK_WORDS = BLOCK_OCTETS / 4;
/** 128 KiB a piece. */
const CHUNK_BITS = 11;
const CHUNK_BLOCKS = 1 << CHUNK_BITS;

/** Blocks that hold this many octets. */
export const blocksFor = (octets: number): number => Math.ceil(octets / BLOCK_OCTETS);

/** Octets that a block takes: its own and the number of the next. */
export const BLOCK_COST_OCTETS = BLOCK_OCTETS + 4;

export class BlockArena {
  private readonly words: Uint32Array[] = [];
  private readonly octets: Uint8Array[] = [];
  /** By block: the next one of its chain, or NONE. */
  private readonly links: Int32Array[] = [];
  private made = 0;
  /** The last chain that was given back. */
  private free = NONE;

  /**
   * Keeps octets.
   * @param length how many of them, at least 1
   * @returns the first block of the chain
   */
  write(octets: Uint8Array, length: number): number {
    const first = this.take();
    let block = first;
    for (let start = 0; ; start += BLOCK_OCTETS) {
      this.fill(block, octets, start, Math.min(length, start + BLOCK_OCTETS));
      if (start + BLOCK_OCTETS >= length) break;
      const next = this.take();
      this.link(block, next);
      block = next;
    }
    this.link(block, NONE);
    return first;
  }

  /** Copies a chain out, whole blocks. `out` has room for them. */
  read(first: number, out: Uint32Array): void {
    let at = 0;
    for (let block = first; block !== NONE; block = this.next(block)) {
      const words = this.words[block >> CHUNK_BITS];
      const start = (block & (CHUNK_BLOCKS - 1)) * BLOCK_WORDS;
      for (let i = 0; i < BLOCK_WORDS; i++) out[at + i] = words[start + i];
      at += BLOCK_WORDS;
    }
  }

  /** Whether the chain holds the first `length` of `octets` from `offset` (less than a block) on. */
  equals(first: number, offset: number, octets: Uint8Array, length: number): boolean {
    let block = first;
    let from = offset;
    let at = 0;
    for (;;) {
      const kept = this.octets[block >> CHUNK_BITS];
      const base = (block & (CHUNK_BLOCKS - 1)) * BLOCK_OCTETS + from - at;
      const end = Math.min(length, at + BLOCK_OCTETS - from);
      for (; at < end; at++) if (kept[base + at] !== octets[at]) return false;
      if (at === length) return true;
      block = this.next(block);
      if (block === NONE) return false;
      from = 0;
    }
  }

  /** Gives a chain back. */
  release(first: number): void {
    let last = first;
    for (let next = this.next(last); next !== NONE; next = this.next(last)) last = next;
    this.link(last, this.free);
    this.free = first;
  }

  private take(): number {
    const block = this.free;
    if (block !== NONE) {
      this.free = this.next(block);
      return block;
    }
    if (this.made === this.words.length * CHUNK_BLOCKS) {
      const words = new Uint32Array(CHUNK_BLOCKS * BLOCK_WORDS);
      this.words.push(words);
      this.octets.push(new Uint8Array(words.buffer));
      this.links.push(new Int32Array(CHUNK_BLOCKS));
    }
    return this.made++;
  }

  private fill(block: number, octets: Uint8Array, start: number, end: number): void {
    const kept = this.octets[block >> CHUNK_BITS];
    const base = (block & (CHUNK_BLOCKS - 1)) * BLOCK_OCTETS - start;
    for (let at = start; at < end; at++) kept[base + at] = octets[at];
  }

  private next(block: number): number {
    return this.links[block >> CHUNK_BITS][block & (CHUNK_BLOCKS - 1)];
  }

  private link(block: number, next: number): void {
    this.links[block >> CHUNK_BITS][block & (CHUNK_BLOCKS - 1)] = next;
  }
}
