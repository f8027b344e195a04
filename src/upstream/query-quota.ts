/**
 * A token bucket: how many questions an upstream is asked in a second. Resolvers of clouds drop what goes beyond a limit of theirs (1,024
 * packets a second for an interface, at a VPC resolver) without a word, and each question dropped costs a client seconds; it is better
 * told at once, or asked elsewhere.
 */

/** The part of a second whose questions may come all at once. */
const BURST_SECONDS = 0.1;

export class QueryQuota {
  private readonly perMs: number;
  private readonly most: number;
  private left: number;
  private lastMs = -Infinity;

  /** @param perSecond 1 or more */
  constructor(perSecond: number) {
    this.perMs = perSecond / 1000;
    this.most = Math.max(1, perSecond * BURST_SECONDS);
    this.left = this.most;
  }

  /** @returns whether one more question may be asked, which then counts. */
  take(nowMs: number): boolean {
    if (nowMs > this.lastMs) {
      const grown = this.lastMs === -Infinity ? this.most : this.left + (nowMs - this.lastMs) * this.perMs;
      this.left = Math.min(this.most, grown);
      this.lastMs = nowMs;
    }
    if (this.left < 1) return false;
    this.left--;
    return true;
  }

  /** Counts a question that has to go out: the same one asked again over TCP. */
  charge(): void {
    this.left--;
  }
}
