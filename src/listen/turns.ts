/**
 * How much all connections of a listener may do in one turn of the event loop, so that a crowd of them, each with much to ask, does not
 * keep datagrams and upstreams waiting. Those that want more wait, and go on in the next turn: clients in rotation, a few messages each,
 * and the connections of one client in their order, so that a client has no more of the time with a thousand connections than with one. New
 * connections need no such limit: libuv accepts one for each turn.
 */

/** Messages served in one turn: well under a millisecond of cached answers. */
const MESSAGES_PER_TURN = 100;
/** Of these, messages of one client before it is the next one's turn. */
const MESSAGES_AT_ONCE = 16;

export interface Waiting {
  /** Whose connection it is: the client's address. */
  readonly client: string;
  /** Its turn has come. */
  goOn(): void;
}

export class Turns {
  /** Of this turn, or of an earlier one that left some: a turn is not told apart until nothing is left. */
  private left = MESSAGES_PER_TURN;
  /** What is kept of it for others than the one that goes on just now. */
  private kept = 0;
  /** Clients in the order of their turns, and what waits of each. */
  private readonly lines = new Map<string, Set<Waiting>>();
  private isScheduled = false;
  private readonly next = (): void => {
    this.isScheduled = false;
    this.left = MESSAGES_PER_TURN;
    // A client that waits again is at the end, and comes up again while something is left.
    for (const [client, line] of this.lines) {
      if (this.left === 0) break;
      this.goOn(client, line);
    }
    this.kept = 0;
    if (this.lines.size > 0) this.schedule();
  };

  /** Takes the right to serve one message. @returns false when this turn has none left: then one has to wait. */
  take(): boolean {
    if (this.left <= this.kept) return false;
    this.left--;
    return true;
  }

  /** Puts somebody at the end of its client's line. */
  wait(waiting: Waiting): void {
    const line = this.lines.get(waiting.client);
    if (line === undefined) this.lines.set(waiting.client, new Set([waiting]));
    else line.add(waiting);
    this.schedule();
  }

  /** The first one that waits of the client, whose next turn is after all others'. */
  private goOn(client: string, line: Set<Waiting>): void {
    this.lines.delete(client);
    for (const waiting of line) {
      line.delete(waiting);
      if (line.size > 0) this.lines.set(client, line);
      this.kept = this.lines.size === 0 ? 0 : Math.max(0, this.left - MESSAGES_AT_ONCE);
      waiting.goOn();
      return;
    }
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.next);
  }
}
