/** What `asking-pod.ts` prints at its end. */
export interface AskedReport {
  readonly asked: number;
  /** Questions without an answer. */
  readonly lost: number;
  /** Answers that were not NOERROR. */
  readonly failed: number;
  readonly slowestMs: number;
}
