/** What a load is asked for, and what it gives back: the contract between the process that sends and the test that started it. */

export interface LoadTarget {
  readonly name: string;
  readonly address: string;
}

/**
 * - `mixed`: every other query from one socket with many outstanding, the others each from a socket and port of its own; both exist in real clients
 * - `pairs`: A and AAAA at once from one fresh socket, as glibc asks
 * - `sockets`: from 64 sockets in turn
 * - `tcp`: each over a connection of its own
 */
export type LoadPattern = 'mixed' | 'pairs' | 'sockets' | 'tcp';

export interface LoadOptions {
  readonly targets: readonly LoadTarget[];
  /** Queries per second to each target, evenly. */
  readonly rate: number;
  readonly pattern: LoadPattern;
  readonly question: string;
  /** Ends by itself after so many for each target; until SIGTERM when it is 0. */
  readonly count: number;
  /** One line of JSON (`LoadTick`) each second. */
  readonly ticks: boolean;
}

/** A query never answered, or later than this, is lost. There are no second tries. */
export const PATIENCE_MS = 2_000;

/** Answered, but with an error or without a record. */
export const WHO_ERROR = 255;

export interface LoadResult {
  /** `process.hrtime.bigint()` of the start: the same clock in all processes of a machine. */
  readonly startNs: string;
  /** Indices into `targets`. The arrays are parallel, in the order of sending. */
  readonly target: readonly number[];
  /** Microseconds since the start. */
  readonly sent: readonly number[];
  /** Microseconds to the answer; -1 when there was none. */
  readonly took: readonly number[];
  /** Last octet of the first answer's address, or `WHO_ERROR`; 0 when there was none. */
  readonly who: readonly number[];
  /** Microseconds by which it left later than it was due: what the load itself did wrong. */
  readonly late: readonly number[];
  /** Error codes of sockets, and how often. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface LoadTick {
  /** Answers of this second by mark. */
  readonly answered: Readonly<Record<string, number>>;
  /** Queries whose time ran out in this second. */
  readonly lost: number;
}
