/**
 * Who fails again and again is not asked first: a circuit breaker by use, beside the count of failed health checks, which takes seconds to
 * find the same out.
 *
 *     closed ──2 failures in a row──► open ──time over, and a health check was good──► half open: one question goes through
 *        ▲                             ▲                                                 │  │
 *        │                             └──────────────────────failure, twice the time────┘  │
 *        └───────────────────────────────────────── any reply ──────────────────────────────┘
 *
 * Arithmetic: 0.25, 0.5, 1, 2, 4, 8 s, each shortened by up to a quarter at random, so that the nodes of a cluster do not come back together.
 * It only says what it thinks; an upstream that nobody can stand in for is asked all the same.
 */

/** One failure may be a name's. */
const FAILURES_IN_A_ROW = 2;
const FIRST_MS = 250;
const MAX_DOUBLINGS = 5;

export class Breaker {
  private failures = 0;
  private untilMs = 0;
  private isChecked = false;
  /** A question goes through, to see what comes of it. */
  private isTrying = false;

  /** Whether others should be asked first. */
  isOpen(nowMs: number): boolean {
    if (this.failures < FAILURES_IN_A_ROW) return false;
    return this.isTrying || !this.isChecked || nowMs < this.untilMs;
  }

  /** A question is on its way. The first one that goes when the time is over is the one that it takes. */
  asked(nowMs: number): void {
    if (this.failures >= FAILURES_IN_A_ROW && !this.isOpen(nowMs)) this.isTrying = true;
  }

  failed(nowMs: number): void {
    // Those that were under way when it opened say nothing new when they fail too.
    if (this.isOpen(nowMs) && !this.isTrying) return;
    this.isTrying = false;
    this.isChecked = false;
    this.failures++;
    if (this.failures >= FAILURES_IN_A_ROW) this.untilMs = nowMs + this.pauseMs();
  }

  replied(): void {
    this.failures = 0;
    this.isTrying = false;
  }

  /** A health check was good, which may go another way than questions do: it opens nothing before its time. */
  checked(): void {
    this.isChecked = true;
  }

  /** What came of a question says nothing about the upstream. */
  abandoned(): void {
    this.isTrying = false;
  }

  private pauseMs(): number {
    const doublings = Math.min(MAX_DOUBLINGS, this.failures - FAILURES_IN_A_ROW);
    return FIRST_MS * 2 ** doublings * (1 - Math.random() / 4);
  }
}
