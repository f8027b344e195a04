/**
 * Deadlines of many things at a time behind one timer. Nearly all of them are met, so what counts is that one costs next to nothing until
 * it passes: it is a place in an array, and the timer is touched only when a sooner one than all others comes. In turn the timer is not
 * exact: a deadline that has passed is noticed up to 5 ms late.
 */
import type { Clock } from './clock.ts';
import { TidyList } from './tidy-list.ts';

export interface Expiring {
  /** Milliseconds on the clock. */
  readonly deadlineMs: number;
  /** Where it stands among the others: NOWHERE at first, and for `Deadlines` to write. */
  deadlinePlace: number;
  /** The deadline has passed, and was forgotten; perhaps it was met since, by what another one's end has brought. Must not throw. */
  expire(): void;
}

export const NOWHERE = -1;

/** Between two looks, so that a thousand deadlines a second do not make a thousand. */
const MIN_WAIT_MS = 5;
/** The longest that a timer of Node takes; with more it would fire at once. */
const MAX_WAIT_MS = 0x7fff_ffff;

export class Deadlines {
  readonly clock: Clock;
  /** In no order: the last one takes the place of one that goes. */
  private readonly waiting = new TidyList<Expiring>();
  private timer: NodeJS.Timeout | undefined;
  /** When the timer fires: never after the first deadline, but for `MIN_WAIT_MS`. */
  private wakeMs = Infinity;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  add(item: Expiring): void {
    item.deadlinePlace = this.waiting.length;
    this.waiting.push(item);
    if (item.deadlineMs < this.wakeMs) this.wakeAt(item.deadlineMs);
  }

  /** Forgets one that is met; does nothing for any other. */
  delete(item: Expiring): void {
    if (item.deadlinePlace === NOWHERE) return;
    this.remove(item);
    if (this.waiting.length === 0) this.wakeAt(Infinity);
  }

  private remove(item: Expiring): void {
    const last = this.waiting.pop();
    if (last !== item) {
      this.waiting.set(item.deadlinePlace, last);
      last.deadlinePlace = item.deadlinePlace;
    }
    item.deadlinePlace = NOWHERE;
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
    for (let place = 0; place < this.waiting.length; place++) {
      const item = this.waiting.get(place);
      if (item.deadlineMs > nowMs) soonestMs = Math.min(soonestMs, item.deadlineMs);
      else due.push(item);
    }
    for (const item of due) this.remove(item);
    this.wakeAt(soonestMs === Infinity ? Infinity : Math.max(soonestMs, nowMs + MIN_WAIT_MS));
    // What is added by one of these has a deadline of its own, which is not looked at now.
    for (const item of due) item.expire();
  }
}
