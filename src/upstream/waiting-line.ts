/**
 * Queries that wait for a connection, first in, first out; any may leave in between. Each knows its neighbours, and forgets them when it leaves:
 * a `Set` keeps alive what has left it (see `base/key-table.ts`).
 */

/** Who stands in at most one line. For the line to write. */
export interface InWaitingLine {
  ahead: this | undefined;
  behind: this | undefined;
}

export class WaitingLine<Who extends InWaitingLine> {
  size = 0;
  private first: Who | undefined;
  private last: Who | undefined;

  /** Puts somebody at the end, who stands in no line. */
  push(who: Who): void {
    who.ahead = this.last;
    if (this.last === undefined) this.first = who;
    else this.last.behind = who;
    this.last = who;
    this.size++;
  }

  /** Takes out who has stood for longest. */
  shift(): Who | undefined {
    const { first } = this;
    if (first !== undefined) this.delete(first);
    return first;
  }

  /** Takes somebody out; does nothing for who stands in no line. */
  delete(who: Who): void {
    const { ahead, behind } = who;
    if (ahead === undefined && this.first !== who) return;
    if (ahead === undefined) this.first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.last = ahead;
    else behind.ahead = ahead;
    who.ahead = undefined;
    who.behind = undefined;
    this.size--;
  }
}
