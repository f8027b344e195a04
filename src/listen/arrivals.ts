/**
 * How many new TCP connections are served: a flood of them must not slow those who ask over UDP. One connection takes as long as some
 * twenty cached answers, and what it leaves to the garbage collector stops everybody for a while. What happens to those above is the
 * listener's business.
 */

/**
 * Connections in a second, those that are closed at once included: a quarter of a processor's time. A node's pods open a few dozen, to ask
 * again for what did not fit over UDP; but in a flood they stand behind it in the kernel's queue, and fewer would keep them waiting for
 * seconds.
 */
export const ARRIVALS_PER_SECOND = 4_000;
/** Connections at once, after a while without any: more than a listener keeps, since many end soon. */
export const ARRIVALS_AT_ONCE = 1_200;

export class Arrivals {
  private left = ARRIVALS_AT_ONCE;

  /** Notes that one has come. @returns whether more may come before the next `pass`. */
  note(): boolean {
    return --this.left > 0;
  }

  /** Notes that time has passed. @returns whether some may come now. */
  pass(milliseconds: number): boolean {
    this.left = Math.min(ARRIVALS_AT_ONCE, this.left + (ARRIVALS_PER_SECOND * milliseconds) / 1_000);
    return this.left > 0;
  }
}
