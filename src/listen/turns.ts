/**
 * How much all connections of a listener may do in one turn of the event loop, so that a crowd of them, each with much to ask, does not
 * keep datagrams and upstreams waiting. Those that want more wait in a line, and go on in the next turn. New connections need no such
 * limit: libuv accepts one for each turn.
 */

/** Messages served in one turn: well under a millisecond of cached answers. */
const MESSAGES_PER_TURN = 100;

export interface Waiting {
  /** Its turn has come. */
  goOn(): void;
}

export class Turns {
  /** Of this turn, or of an earlier one that left some: a turn is not told apart until nothing is left. */
  private left = MESSAGES_PER_TURN;
  private readonly line = new Set<Waiting>();
  private readonly next = (): void => {
    this.left = MESSAGES_PER_TURN;
    for (const waiting of this.line) {
      if (this.left === 0) break;
      this.line.delete(waiting);
      waiting.goOn();
    }
    if (this.line.size > 0) setImmediate(this.next);
  };

  /** Takes the right to serve one message. @returns false when this turn has none left: then one has to wait. */
  take(): boolean {
    if (this.left === 0) return false;
    this.left--;
    return true;
  }

  /** Puts somebody at the end of the line. */
  wait(waiting: Waiting): void {
    if (this.line.size === 0) setImmediate(this.next);
    this.line.add(waiting);
  }
}
