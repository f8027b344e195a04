/**
 * The hash of a question: multilinear hashing with random factors (Lemire and Kaser, "Strongly universal string hashing is fast", 2014).
 * Clients choose the names, and must not be able to choose names that all fall into one bucket; without the factors nobody can.
 */
import { randomFillSync } from 'node:crypto';
import { spreadBits } from '../../base/spread-bits.ts';

/** Halves of the longest key: name, type, class, bits (see `Query.key`). */
const MAX_HALVES = 130;

export class KeyHash {
  private readonly low = new Int32Array(MAX_HALVES + 1);
  private readonly high = new Int32Array(MAX_HALVES + 1);

  constructor() {
    randomFillSync(this.low);
    randomFillSync(this.high);
  }

  /**
   * @param halves the key, 16 bits at a time, of which `count` count
   * @param space keeps equal keys of different caches apart
   * @returns 32 bits, signed
   */
  of(halves: Uint16Array, count: number, space: number): number {
    const { low, high } = this;
    let lowSum = Math.imul(low[MAX_HALVES], space);
    let highSum = Math.imul(high[MAX_HALVES], space);
    for (let i = 0; i < count; i++) {
      lowSum = (lowSum + Math.imul(low[i], halves[i])) | 0;
      highSum = (highSum + Math.imul(high[i], halves[i])) | 0;
    }
    // Of each sum the upper 16 bits are the good ones.
    return spreadBits((lowSum >>> 16) | (highSum & 0xffff0000));
  }
}
