/**
 * How the host is looked at: cheaply at each beat (canary, `Link.seemsWhole`), fully from time to time, and sooner while not all is well. What
 * is done about it is the upkeep's, when beats come the pulse's.
 */
import type { Clock } from '../base/clock.ts';
import type { Link } from '../host/link.ts';
import type { Log } from '../observe/log-types.ts';
import type { Canary } from './canary.ts';
import { SYNC_WHILE_FAILING_MS } from './timing.ts';

/** A canary that says so often that the rules are gone when they are not does not work here. */
const MOST_FALSE_ALARMS = 3;

export interface HostWatchOptions {
  /** Undefined without rules. */
  readonly canary: Canary | undefined;
  readonly link: Link | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly syncIntervalMs: number;
  readonly isWell: () => boolean;
  readonly request: (operation: 'ensure' | 'inspect') => void;
}

export class HostWatch {
  private readonly options: HostWatchOptions;
  private canary: Canary | undefined;
  private stopped = false;
  private lastSyncMs: number;
  private alarmed = false;
  private falseAlarms = 0;

  constructor(options: HostWatchOptions) {
    this.options = options;
    this.canary = options.canary;
    this.lastSyncMs = options.clock.nowMs();
  }

  stop(): void {
    this.stopped = true;
    this.canary?.close();
    this.canary = undefined;
  }

  /** The rules have been inspected. */
  inspected(complete: boolean): void {
    this.falseAlarms = complete && this.alarmed ? this.falseAlarms + 1 : 0;
    this.alarmed = false;
    if (this.falseAlarms < MOST_FALSE_ALARMS) return;
    this.options.log.warn('the canary does not work here: flushed rules are found by full looks alone');
    this.canary?.close();
    this.canary = undefined;
  }

  /** One look. */
  async beat(): Promise<void> {
    const { link, clock, isWell, syncIntervalMs, request } = this.options;
    const nowMs = clock.nowMs();
    const everyMs = isWell() ? syncIntervalMs : Math.min(syncIntervalMs, SYNC_WHILE_FAILING_MS);
    if (nowMs - this.lastSyncMs >= everyMs) {
      this.lastSyncMs = nowMs;
      request('ensure');
      request('inspect');
      return;
    }
    if (link !== undefined && !link.seemsWhole()) request('ensure');
    if ((await this.canary?.look()) !== 'gone' || this.stopped) return;
    this.alarmed = true;
    request('inspect');
  }
}
