/**
 * The time of day of moments that were measured on the monotonic clock. The two messages of an exchange carry the same query time to the
 * microsecond, so that a reader can tell what belongs together: the difference between the clocks is taken once, and again only when it is
 * off by more than the clocks' grain.
 */
import type { Clock } from '../../base/clock.ts';

/** `Date.now` knows whole milliseconds. */
const TOLERANCE_MS = 2;
/** Between two looks. */
const LOOK_MS = 1_000;

export class WallClock {
  private readonly clock: Clock;
  private readonly wallMs: () => number;
  private offsetMs: number;
  private lookedMs: number;

  /** @param wallMs milliseconds since 1970: `Date.now` but in tests */
  constructor(clock: Clock, wallMs: () => number) {
    this.clock = clock;
    this.wallMs = wallMs;
    this.lookedMs = clock.nowMs();
    this.offsetMs = wallMs() - this.lookedMs;
  }

  /** @param monotonicMs lately, on the clock. @returns milliseconds since 1970, with fractions */
  at(monotonicMs: number): number {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.lookedMs >= LOOK_MS) {
      this.lookedMs = nowMs;
      const offsetMs = this.wallMs() - nowMs;
      if (Math.abs(offsetMs - this.offsetMs) > TOLERANCE_MS) this.offsetMs = offsetMs;
    }
    return monotonicMs + this.offsetMs;
  }
}
