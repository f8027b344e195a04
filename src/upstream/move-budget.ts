/**
 * How many queries may be asked a second time since their connection or socket is silent. A query whose answer is slow looks like one whose
 * peer is gone, and asking it twice must not double the load of an upstream that is slow because it has too much to do: so it is a tenth of
 * what is asked, and a number at once, which is all that it takes when peers vanish.
 */

/** Extra queries for one that was asked. */
const SHARE = 0.1;

export class MoveBudget {
  private readonly most: number;
  private left: number;

  /** @param most how many may be asked again at once */
  constructor(most: number) {
    this.most = most;
    this.left = most;
  }

  /** A query was asked. */
  earn(): void {
    if (this.left < this.most) this.left += SHARE;
  }

  /** @returns whether one more may be asked again, which then counts. */
  spend(): boolean {
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}
