/**
 * Lets exchanges with upstreams begin a few at a time, so that a flood of questions that nobody has asked before does not keep those
 * waiting who ask for what is in memory: beginning an exchange and taking in its answer cost as much as a dozen cached answers, while to
 * read a query and to find that it has to wait costs little. So the sockets of clients are read dry in every turn of the event loop, and
 * what needs an exchange stands in a line. Who is first in the line is first out; the line has an end, in queries and in time, and who does
 * not fit is told at once.
 *
 * One gate serves the process (`SetupContext.processWide`). It knows nothing of upstreams, and does not limit how many exchanges are under
 * way: that is theirs.
 */
import type { Clock } from '../base/clock.ts';
import type { SetupContext } from './plugin.ts';

/** Exchanges begun in one turn while nobody else asks: more than one, so that what they send shares system calls. */
export const MOST_PER_TURN = 64;
/** The same while answers are given from memory: some 30 µs of work each, so that who comes meanwhile waits for little. */
export const FEWEST_PER_TURN = 2;
/** With that many answers from memory in a turn one more exchange may begin: both then take about the same time. */
const ANSWERS_PER_EXCHANGE = 4;
/** How long after an answer from memory another one is expected. */
export const EXPECTING_MS = 1_000;
/** Queries in the line, each of some 2 KB: at 10,000 exchanges a second the last one waits for 0.2 s. */
export const LONGEST_LINE = 2_048;
/** In the line; a client that has waited for so long asks again soon, and somewhere else. */
export const LONGEST_WAIT_MS = 1_000;

/** Who stands in the line. */
export interface InLine {
  /** Since when, in milliseconds of the gate's clock. */
  readonly sinceMs: number;
  /** Its turn has come. Must not throw. */
  begin(): void;
  /** It has waited for too long, and has left the line. Must not throw. */
  giveUp(): void;
}

export class ExchangeGate {
  /** Answers that took no exchange: who gives one counts it here. */
  answers = 0;
  private readonly clock: Clock;
  private readonly atEndOfTurn: (run: () => void) => void;
  /** Whether answers from memory are given these days, which exchanges should not keep waiting. */
  isSharing = false;
  private left = MOST_PER_TURN;
  /** A ring: those who wait stand from `first` on. */
  private readonly line: (InLine | undefined)[] = Array.from({ length: LONGEST_LINE });
  private first = 0;
  private waiting = 0;
  private isScheduled = false;
  /** What `answers` was in the turn before, and when it last grew. */
  private counted = 0;
  private answeredMs = -Infinity;
  private readonly turn = (): void => {
    this.isScheduled = false;
    const nowMs = this.clock.nowMs();
    this.left = this.allowance(nowMs);
    this.dismiss(nowMs);
    while (this.left > 0 && this.isCrowded) {
      this.begin();
      this.shift()?.begin();
    }
  };

  /** @param atEndOfTurn runs something once, after what is readable now was read: `setImmediate` but in tests. */
  constructor(clock: Clock, atEndOfTurn: (run: () => void) => void = setImmediate) {
    this.clock = clock;
    this.atEndOfTurn = atEndOfTurn;
  }

  /** Whether questions stand in the line: then is no time for exchanges that nobody waits for. */
  get isCrowded(): boolean {
    return this.waiting > 0;
  }

  /** Takes the right to begin an exchange now. @returns false when others come first. */
  enter(): boolean {
    if (this.left === 0 || this.isCrowded) return false;
    this.begin();
    return true;
  }

  /** Whether there is no place left in the line. */
  get isFull(): boolean {
    return this.waiting === LONGEST_LINE;
  }

  /** Puts somebody at the end of the line, which is not full. */
  wait(who: InLine): void {
    this.line[(this.first + this.waiting++) % LONGEST_LINE] = who;
    this.schedule();
  }

  private begin(): void {
    this.left--;
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.atEndOfTurn(this.turn);
  }

  private allowance(nowMs: number): number {
    const given = this.answers - this.counted;
    this.counted = this.answers;
    if (given > 0) this.answeredMs = nowMs;
    this.isSharing = nowMs - this.answeredMs < EXPECTING_MS;
    if (!this.isSharing) return MOST_PER_TURN;
    return Math.min(MOST_PER_TURN, Math.max(FEWEST_PER_TURN, Math.floor(given / ANSWERS_PER_EXCHANGE)));
  }

  /** Sends those away whose patience is over, so many at a time that it takes no longer than an exchange or two. */
  private dismiss(nowMs: number): void {
    for (let count = 0; count < MOST_PER_TURN; count++) {
      const next = this.line[this.first];
      if (next === undefined || nowMs - next.sinceMs < LONGEST_WAIT_MS) return;
      this.shift()?.giveUp();
    }
  }

  /** Takes the first one out of the line, so that nothing of it is kept. */
  private shift(): InLine | undefined {
    const first = this.line[this.first];
    this.line[this.first] = undefined;
    this.first = (this.first + 1) % LONGEST_LINE;
    this.waiting--;
    return first;
  }
}

/** The gate of the process that a plugin is set up in. */
export const exchangeGate = (context: Pick<SetupContext, 'clock' | 'processWide'>): ExchangeGate =>
  context.processWide('exchange gate', () => new ExchangeGate(context.clock));
