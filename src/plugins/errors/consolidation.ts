/**
 * One `consolidate` line: counts errors that look alike, and says how many there were when the time since the first of them is up. Time
 * is a timer of Node that keeps no process alive, exact to a few milliseconds.
 */
import { formatDuration } from '../../base/duration.ts';
import type { Pattern } from '../../base/pattern.ts';

/** Node's timers wait at most this long; more would make one fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export interface ConsolidationOptions {
  /** Looked for in the reason of an error. */
  readonly pattern: Pattern;
  readonly periodMs: number;
  /** Whether the first error of a period is logged at once, in full. */
  readonly showFirst: boolean;
  /** Writes a line at the level of this pattern. */
  readonly write: (line: string) => void;
}

export class Consolidation {
  readonly write: (line: string) => void;
  private readonly options: ConsolidationOptions;
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(options: ConsolidationOptions) {
    this.options = options;
    this.write = options.write;
  }

  matches(reason: string): boolean {
    return this.options.pattern.matches(reason);
  }

  /** Counts an error that matches. @returns whether it is to be logged by itself. */
  add(): boolean {
    if (this.stopped) return true;
    this.count++;
    if (this.count > 1) return false;
    const delayMs = Math.min(Math.max(this.options.periodMs, 0), MAX_TIMER_MS);
    this.timer = setTimeout(() => this.tell(), delayMs).unref();
    return this.options.showFirst;
  }

  /** Says what it has counted so far. Later errors are logged one by one. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.tell();
  }

  private tell(): void {
    const { count, options } = this;
    this.count = 0;
    // A single one that was shown already needs no summary.
    if (count === 0 || (count === 1 && options.showFirst)) return;
    const period = formatDuration(options.periodMs);
    this.write(`${count} errors like '${options.pattern.source}' occurred in last ${period}`);
  }
}
