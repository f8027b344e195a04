/**
 * What callbacks of koffi's poll have left to be continued: promises that they have settled, such as the answer to a query that waited. koffi
 * calls without the scope in which Node continues them right after; they are later in the same turn of the loop. Nobody may wait in the place
 * of the loop before that (`loop-wait.ts`).
 */
export class Continuations {
  /** Whether some may not have been continued yet. */
  areDue = false;
  private readonly done = (): void => {
    this.areDue = false;
  };

  /** To be called at the end of such a callback. */
  note(): void {
    if (this.areDue) return;
    this.areDue = true;
    queueMicrotask(this.done);
  }
}
