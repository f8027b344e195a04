/**
 * The pauses between attempts to connect to an upstream that answered until a moment ago, and that nobody can stand in for: behind a service
 * address the next attempt mostly meets another instance, or the same one when it is back. An upstream that has not been there since is
 * not waited for.
 *
 * Arithmetic: pauses of 10, 20, 40, 80, 160 … ms, each shortened by up to half at random, until `patienceMs` are over.
 */
const FIRST_MS = 10;

export class RedialPause {
  private readonly patienceMs: number;
  private readonly redial: () => void;
  private timer: NodeJS.Timeout | undefined;
  private nextMs = FIRST_MS;
  /** What was spent on pauses; nothing is left before the first connection. */
  private spentMs = Infinity;

  /** @param patienceMs for all pauses together; 0 for none */
  constructor(patienceMs: number, redial: () => void) {
    this.patienceMs = patienceMs;
    this.redial = redial;
  }

  /** Whether the next attempt waits for its time. */
  get isRunning(): boolean {
    return this.timer !== undefined;
  }

  /** An attempt failed. @returns whether there will be another one; false when the patience is over. */
  begin(): boolean {
    if (this.isRunning) return true;
    if (this.spentMs >= this.patienceMs) return false;
    const ms = Math.ceil(this.nextMs * (1 - Math.random() / 2));
    this.spentMs += ms;
    this.nextMs *= 2;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.redial();
    }, ms).unref();
    return true;
  }

  /** A connection was opened, or none is wanted any more. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.spentMs = 0;
    this.nextMs = FIRST_MS;
  }
}
