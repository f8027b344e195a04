/** What the process that asks tells the test that started it: a time in which queries to an address were not answered. */

export interface Darkness {
  readonly address: string;
  /** Milliseconds since the epoch: the sending of the last query before it that was answered. */
  readonly fromMs: number;
  /** Until the sending of the next one that was. */
  readonly ms: number;
}

/** Shorter ones are not told: a query that is lost at a moment of change. */
export const TOLD_MS = 200;
