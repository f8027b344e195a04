/**
 * What could not be resolved, and when it may be tried again (RFC 9520). Each failure of a question in a row keeps it from the upstream for
 * twice as long as the one before, and an answer ends that. Failures are bounded in number and stand apart from the answers: nothing here
 * ever takes the place of one.
 *
 *     asked ──fails──► 1st step ──fails again──► 2nd, twice as long ──► … ──► BACK_OFF_MAX_MS, over and over
 *       ▲                                                                          │
 *       └─────────────────── an answer, or nobody asked for FORGET_MS ◄────────────┘
 *
 * When upstreams could not be reached for any question and one answers again, what failed meanwhile has had its first step only: the reason
 * is gone, and names should not stay dead for it.
 */
import type { ExtendedError } from '../../wire/edns.ts';

/** RFC 9520 section 3.2: a failure is remembered for a second at least. */
export const BACK_OFF_MIN_MS = 1_000;

/** The longest step, unless `servfail` is longer. The RFC allows five minutes; a name of a cluster is missed after half of one. */
export const BACK_OFF_MAX_MS = 30_000;

/** A question that failed and was not asked for so long after it might have been begins with the first step again. */
export const FORGET_MS = 60_000;

/** Questions that failed, of one `cache` directive: some 0.3 KB each. */
export const MOST_FAILURES = 4_096;

/** So many questions in a row that reached no upstream are an outage. */
export const OUTAGE_FAILURES = 10;

export interface FailureDetails {
  readonly rcode: number;
  readonly extendedError: ExtendedError;
  /** Nobody answered, as opposed to somebody who answered with a failure. */
  readonly isUnreachable: boolean;
}

interface FailureRecord extends FailureDetails {
  readonly failedMs: number;
  /** The end of this step. */
  readonly untilMs: number;
  /** Failures in a row. */
  readonly step: number;
  /** Outages that were over when it failed. */
  readonly outages: number;
}

export class FailureTable {
  /** By question; the one asked for least recently first. */
  private readonly records = new Map<string, FailureRecord>();
  /** Stands in front of the first record: a new one would pass by all that have left since the map was last laid out. */
  private first = this.records.keys();
  /** Questions in a row that reached nobody. */
  private unreached = 0;
  private outages = 0;

  /** Questions that failed, those that may be tried again included. */
  get size(): number {
    return this.records.size;
  }

  /** What the question is answered with instead of being asked upstream; undefined when it may be asked. */
  find(key: string, nowMs: number): FailureDetails | undefined {
    const record = this.records.get(key);
    if (record === undefined || nowMs >= this.endMs(record)) return undefined;
    this.records.delete(key);
    this.records.set(key, record);
    return record;
  }

  /** Whether an answer that is there already may be refreshed. @param recheckMs least time after a failure */
  mayRefresh(key: string, nowMs: number, recheckMs: number): boolean {
    const record = this.records.get(key);
    if (record === undefined) return true;
    return nowMs >= Math.max(this.endMs(record), record.failedMs + Math.max(recheckMs, BACK_OFF_MIN_MS));
  }

  /** The question has failed. @param firstMs the length of the first step; 0 where it may be asked again at once */
  add(key: string, details: FailureDetails, firstMs: number, nowMs: number): void {
    const { rcode, extendedError, isUnreachable } = details;
    const before = this.records.get(key);
    const isInRow = before !== undefined && nowMs < this.endMs(before) + FORGET_MS;
    const step = isInRow ? before.step + 1 : 1;
    if (isUnreachable) this.unreached++;
    this.records.delete(key);
    if (this.records.size >= MOST_FAILURES) this.removeFirst();
    this.records.set(key, {
      rcode,
      extendedError,
      isUnreachable,
      failedMs: nowMs,
      untilMs: nowMs + backOffMs(firstMs, step),
      step,
      outages: this.outages,
    });
  }

  /** The question has an answer: what failed before counts no more. */
  answered(key: string): void {
    if (this.unreached >= OUTAGE_FAILURES) this.outages++;
    this.unreached = 0;
    this.records.delete(key);
  }

  private endMs({ isUnreachable, outages, failedMs, untilMs }: FailureRecord): number {
    if (!isUnreachable || outages === this.outages) return untilMs;
    return Math.min(untilMs, failedMs + BACK_OFF_MIN_MS);
  }

  private removeFirst(): void {
    let { value, done } = this.first.next();
    if (done === true) {
      this.first = this.records.keys();
      ({ value, done } = this.first.next());
    }
    if (value !== undefined) this.records.delete(value);
  }
}

/** Length of a step in milliseconds. @param step from 1 on */
export function backOffMs(firstMs: number, step: number): number {
  if (firstMs <= 0) return 0;
  const first = Math.max(firstMs, BACK_OFF_MIN_MS);
  return Math.min(first * 2 ** (step - 1), Math.max(first, BACK_OFF_MAX_MS));
}
