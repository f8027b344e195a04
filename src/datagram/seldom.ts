/** When to try again what is worth it at some times and not at others: each time it was not, twice as late, up to a limit. */
export class Seldom {
  private readonly most: number;
  private skipped = 0;
  private toSkip = 0;

  /** @param most how often it is left out in a row at most: one less than a power of two. */
  constructor(most: number) {
    this.most = most;
  }

  /** Counts the times that it is left out. */
  isDue(): boolean {
    if (this.toSkip === 0) return true;
    this.toSkip--;
    return false;
  }

  /** To be told after each try. */
  wasWorthIt(was: boolean): void {
    this.skipped = was ? 0 : Math.min(this.most, this.skipped * 2 + 1);
    this.toSkip = this.skipped;
  }
}
