/**
 * How many errors are logged one by one: as many as somebody may read, and not as many as a flood makes. What is more is counted, and when
 * the time since the first line is up one more line says how many there were, and what most of them were about. A reason that comes again
 * and again gives only a few lines, so that those of others are still seen beside a flood.
 */
import type { Counter } from '../../observe/metric-types.ts';

/** Lines at most in one period. */
export const LINES_PER_PERIOD = 100;
/** The same for one reason. */
export const LINES_PER_REASON = 20;
export const PERIOD_SECONDS = 10;
/** Reasons that are told apart in one period: most have a port in them, and are unlike any other. */
const MOST_REASONS = 200;

export class LineBudget {
  private readonly write: (line: string) => void;
  private readonly withheld: Counter;
  private lines = 0;
  private more = 0;
  private readonly counts = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  /**
   * @param write logs the line that sums up
   * @param withheld counts what is not logged by itself
   */
  constructor(write: (line: string) => void, withheld: Counter) {
    this.write = write;
    this.withheld = withheld;
  }

  /** Counts an error. @returns whether it is to be logged by itself */
  take(reason: string): boolean {
    if (!this.stopped) this.timer ??= setTimeout(() => this.tell(), PERIOD_SECONDS * 1_000).unref();
    const count = (this.counts.get(reason) ?? 0) + 1;
    if (count > 1 || this.counts.size < MOST_REASONS) this.counts.set(reason, count);
    if (this.lines < LINES_PER_PERIOD && count <= LINES_PER_REASON) {
      this.lines++;
      return true;
    }
    this.more++;
    this.withheld.value++;
    return false;
  }

  /** Says what it has counted so far. Of later errors those of one more period are logged, and nothing is summed up. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.tell();
  }

  private tell(): void {
    const { more, counts } = this;
    if (more > 0) {
      const [reason, count] = mostFrequent(counts);
      const most = `most frequent, ${count} in all: ${reason}`;
      this.write(`${more} more errors occurred in last ${PERIOD_SECONDS}s; ${most}`);
    }
    this.timer = undefined;
    this.lines = 0;
    this.more = 0;
    counts.clear();
  }
}

function mostFrequent(counts: ReadonlyMap<string, number>): readonly [reason: string, count: number] {
  let most: readonly [string, number] = ['', 0];
  for (const entry of counts) if (entry[1] > most[1]) most = entry;
  return most;
}
