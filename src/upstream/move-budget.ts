/**
 * How many queries may be asked a second time since their connection is silent. A query whose answer is slow looks like one whose peer is
 * gone, and asking it twice must not double the load of an upstream that is slow because it has too much to do: so it is a tenth of what
 * is asked, and what a few connections hold, which is all that it takes when peers vanish.
 */

/** Extra queries for one that was asked. */
const SHARE = 0.1;
/** What may be asked twice at once: what 64 connections hold that carry two each. */
const MOST = 128;

export class MoveBudget {
  private left = MOST;

  /** A query was asked. */
  earn(): void {
    if (this.left < MOST) this.left += SHARE;
  }

  /** @returns whether one more may be asked again, which then counts. */
  spend(): boolean {
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}
