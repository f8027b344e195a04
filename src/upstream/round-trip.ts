/**
 * How long an upstream takes to answer, kept in two numbers: a smoothed time, as TCP has it (RFC 6298 section 2), and the 95th percentile, by
 * steps up and down of which nineteen of the one kind balance one of the other. A few hundred answers bring both to where they belong.
 */

/** The smoothed time moves by this share of the difference. */
const SMOOTHING = 1 / 8;
const QUANTILE = 0.95;
/** A step's size, of the percentile. */
const STEP = 0.05;
/** The least that the percentile is, in milliseconds: it would not get away from 0. */
const LEAST_MS = 0.1;

export class RoundTrip {
  /** How many were noted. */
  answers = 0;
  private smoothed = 0;
  private percentile = 0;

  /** Takes note of an answer that took so long. */
  note(ms: number): void {
    this.answers++;
    if (this.percentile === 0) {
      this.smoothed = ms;
      this.percentile = Math.max(LEAST_MS, 2 * ms);
      return;
    }
    this.smoothed += (ms - this.smoothed) * SMOOTHING;
    const step = this.percentile * STEP;
    const moved = this.percentile + (ms > this.percentile ? step * QUANTILE : -step * (1 - QUANTILE));
    this.percentile = Math.max(LEAST_MS, moved);
  }

  /** Milliseconds; 0 before the first answer. */
  get smoothedMs(): number {
    return this.smoothed;
  }

  /** What 95 of 100 answers take at most, in milliseconds; 0 before the first answer. */
  get percentile95Ms(): number {
    return this.percentile;
  }
}
