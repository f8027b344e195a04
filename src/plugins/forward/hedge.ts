/**
 * `hedge`: a question whose upstream takes longer than 95 of 100 of its answers did is asked of a second upstream as well, and whichever
 * answers first counts (Dean and Barroso, "The Tail at Scale"). What that adds is bounded to one in twenty questions.
 */
import { NOWHERE } from '../../base/deadlines.ts';
import type { Deadlines, Expiring } from '../../base/deadlines.ts';
import type { Counter } from '../../observe/metric-types.ts';
import type { ExchangeError } from '../../upstream/exchange-error.ts';
import type { Asker } from '../../upstream/pending-query.ts';
import type { Upstream } from '../../upstream/upstream.ts';

/** Second questions for one first question. */
const SHARE = 0.05;
/** Second questions that may be saved up, for when an upstream goes. */
const MOST_SAVED = 10;
/** Sooner than that nobody notices, and an upstream without answers so far is given that much. */
const SOONEST_MS = 50;
const LATEST_MS = 400;

/** What the questions of a `forward` line share. */
export class Hedging {
  readonly deadlines: Deadlines;
  private readonly counter: Counter;
  private saved = MOST_SAVED;

  constructor(deadlines: Deadlines, counter: Counter) {
    this.deadlines = deadlines;
    this.counter = counter;
  }

  /** A question is asked for the first time. */
  earn(): void {
    this.saved = Math.min(MOST_SAVED, this.saved + SHARE);
  }

  get isAffordable(): boolean {
    return this.saved >= 1;
  }

  /** A second upstream is asked. */
  spend(): void {
    this.saved--;
    this.counter.value++;
  }
}

/** When the second upstream is asked, in milliseconds after the first. */
export const hedgeAfterMs = (upstream: Upstream): number =>
  Math.min(LATEST_MS, Math.max(SOONEST_MS, upstream.percentile95Ms));

/** Who asks, as seen by a pair of upstreams: told once. */
export class HedgedAsk implements Asker, Expiring {
  readonly deadlineMs: number;
  deadlinePlace = NOWHERE;
  private readonly hedging: Hedging;
  private readonly asker: Asker;
  private readonly askSecond: (asker: Asker) => boolean;
  private waitingFor = 1;
  private isOver = false;

  /**
   * @param asker is told of the first reply, or of the last failure.
   * @param askSecond asks another upstream. @returns false where there is none
   */
  constructor(hedging: Hedging, atMs: number, asker: Asker, askSecond: (asker: Asker) => boolean) {
    this.hedging = hedging;
    this.deadlineMs = atMs;
    this.asker = asker;
    this.askSecond = askSecond;
    hedging.earn();
    hedging.deadlines.add(this);
  }

  replied(reply: Uint8Array): void {
    if (this.end()) this.asker.replied(reply);
  }

  failed(error: ExchangeError): void {
    if (--this.waitingFor === 0 && this.end()) this.asker.failed(error);
  }

  expire(): void {
    if (this.isOver || !this.hedging.isAffordable || !this.askSecond(this)) return;
    this.waitingFor++;
    this.hedging.spend();
  }

  /** @returns false when it was over before. */
  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.hedging.deadlines.delete(this);
    return true;
  }
}
