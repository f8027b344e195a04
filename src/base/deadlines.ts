/**
 * Deadlines of many things at a time behind one timer. Nearly all of them are met, so what counts is that one costs next to nothing until
 * it passes: it is an entry in a set, and the timer is touched only when a sooner one than all others comes. In turn the timer is not
 * exact: a deadline that has passed is noticed up to 5 ms late.
 */
import type { Clock } from './clock.ts';

export interface Expiring {
  /** Milliseconds on the clock. */
  readonly deadlineMs: number;
  /** The deadline has passed, and was forgotten; perhaps it was met since, by what another one's end has brought. Must not throw. */
  expire(): void;
}

/** Between two looks, so that a thousand deadlines a second do not make a thousand. */
const MIN_WAIT_MS = 5;
/** The longest that a timer of Node takes; with more it would fire at once. */
const MAX_WAIT_MS = 0x7fff_ffff;

export class Deadlines {
  readonly clock: Clock;
  private readonly waiting = new Set<Expiring>();
  private timer: NodeJS.Timeout | undefined;
  /** When the timer fires: never after the first deadline, but for `MIN_WAIT_MS`. */
  private wakeMs = Infinity;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  add(item: Expiring): void {
    this.waiting.add(item);
    if (item.deadlineMs < this.wakeMs) this.wakeAt(item.deadlineMs);
  }

  /** Forgets one that is met; does nothing for any other. */
  delete(item: Expiring): void {
    if (this.waiting.delete(item) && this.waiting.size === 0) this.wakeAt(Infinity);
  }

  private wakeAt(deadlineMs: number): void {
    clearTimeout(this.timer);
    this.wakeMs = deadlineMs;
    this.timer = undefined;
    if (deadlineMs === Infinity) return;
    const nowMs = this.clock.nowMs();
    this.wakeMs = Math.min(deadlineMs, nowMs + MAX_WAIT_MS);
    this.timer = setTimeout(() => this.look(), Math.max(1, Math.ceil(this.wakeMs - nowMs)));
  }

  private look(): void {
    // Timers may fire a little early; what they were set for has come all the same.
    const nowMs = Math.max(this.clock.nowMs(), this.wakeMs);
    let soonestMs = Infinity;
    const due: Expiring[] = [];
    for (const item of this.waiting) {
      if (item.deadlineMs > nowMs) soonestMs = Math.min(soonestMs, item.deadlineMs);
      else due.push(item);
    }
    for (const item of due) this.waiting.delete(item);
    this.wakeAt(soonestMs === Infinity ? Infinity : Math.max(soonestMs, nowMs + MIN_WAIT_MS));
    // What is added by one of these has a deadline of its own, which is not looked at now.
    for (const item of due) item.expire();
  }
}
