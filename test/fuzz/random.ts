/** Chance with a seed (a counter and a mixing function, as in SplitMix): the same seed gives the same numbers on every machine. */
export class Random {
  private state: number;

  /** @param seeds integers; all of them count */
  constructor(...seeds: readonly number[]) {
    this.state = 0;
    for (const seed of seeds) this.state = (this.uint32() ^ seed) | 0;
  }

  /** 0 … 2^32-1 */
  uint32(): number {
    this.state = (this.state + 0x9e37_79b9) | 0;
    let mixed = this.state ^ (this.state >>> 16);
    mixed = Math.imul(mixed, 0x21f0_aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** 0 … `limit`-1; 0 when `limit` is 0 */
  below(limit: number): number {
    return limit === 0 ? 0 : this.uint32() % limit;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  octets(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }
}
