/**
 * Trouble of the process itself that comes, stays for a while and passes: no descriptors left, no room for datagrams. However often it is
 * met, the log says once that it began and once that it is over, and a gauge is 1 in between. What is lost meanwhile is counted by whoever
 * loses it; what to do about it is not decided here either.
 */
import type { Log } from './log-types.ts';
import type { Gauge } from './metric-types.ts';

export interface TroubleOptions {
  readonly log: Log;
  /** 1 while there is trouble. */
  readonly gauge: Gauge;
  /** What is said when it is over. */
  readonly over: string;
  /** It is over when it was not met for this long, up to twice that, in milliseconds. */
  readonly quietMs: number;
}

export class PassingTrouble {
  private readonly options: TroubleOptions;
  private timer: NodeJS.Timeout | undefined;
  private metAgain = false;

  constructor(options: TroubleOptions) {
    this.options = options;
  }

  /** The trouble was met. @param what is logged, unless it has been there already */
  note(what: string): void {
    if (this.timer !== undefined) {
      this.metAgain = true;
      return;
    }
    this.options.gauge.value = 1;
    this.options.log.warn(what);
    this.timer = setInterval(() => this.look(), this.options.quietMs).unref();
  }

  /** Ends the watch without a word, for the end of a process. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    if (this.metAgain) {
      this.metAgain = false;
      return;
    }
    this.close();
    this.options.gauge.value = 0;
    this.options.log.info(this.options.over);
  }
}
