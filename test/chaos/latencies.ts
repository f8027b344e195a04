/** Times in a few numbers, however many there are: each falls into a class an eighth wider than the one before. */

const LEAST_MS = 0.05;
const WIDER = 1.125;

export class Latencies {
  private readonly counts: number[] = [];
  private total = 0;

  add(ms: number): void {
    const index = ms <= LEAST_MS ? 0 : Math.ceil(Math.log(ms / LEAST_MS) / Math.log(WIDER));
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total++;
  }

  /**
   * The upper end of the class that holds it, in milliseconds; 0 without any.
   * @param share from 0 to 1
   */
  quantile(share: number): number {
    let left = share * this.total;
    for (let index = 0; index < this.counts.length; index++) {
      left -= this.counts[index] ?? 0;
      if (left <= 0 && this.total > 0) return LEAST_MS * WIDER ** index;
    }
    return 0;
  }
}
