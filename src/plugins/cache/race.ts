/** Who is first: what an exchange comes to, or the end of the time that clients give it. One race for all who wait for the same answer. */
import type { Outcome } from '../../chain/outcome.ts';

export class Race {
  /** What came in time; undefined when nothing did. */
  readonly winner: Promise<Outcome | undefined>;
  /** The time is over, and nothing has come. */
  isLate = false;
  private readonly resolve: (outcome: Outcome | undefined) => void;
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs 0 for as long as the exchange takes */
  constructor(timeoutMs: number) {
    const { promise, resolve } = Promise.withResolvers<Outcome | undefined>();
    this.winner = promise;
    this.resolve = resolve;
    if (timeoutMs > 0) this.timer = setTimeout(() => this.miss(), timeoutMs);
  }

  /** The exchange is over. @param outcome undefined where it came to nothing */
  end(outcome: Outcome | undefined): void {
    clearTimeout(this.timer);
    this.resolve(outcome);
  }

  private miss(): void {
    this.isLate = true;
    this.resolve(undefined);
  }
}
