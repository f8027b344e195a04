/**
 * One query that waits for its reply over one transport: the octets to send, what a reply has to match, the deadline, and who is told.
 * Who has it at the moment (a queue, a socket, a connection) is its holder; the deadline tells the holder to let go. It settles once.
 */
import { NOWHERE } from '../base/deadlines.ts';
import type { Deadlines, Expiring } from '../base/deadlines.ts';
import { timeoutError } from './exchange-error.ts';
import type { ExchangeError } from './exchange-error.ts';
import type { InWaitingLine } from './waiting-line.ts';

export interface Holder {
  /**
   * The query's time is up; the holder lets go of it.
   * @returns what was going on, for the error: `read udp 10.1.1.1:43123->8.8.8.8:53`.
   */
  expire(query: PendingQuery): string;
}

/** Who asks, and is told once what came of it; at a time when other queries are being served, so neither call may throw. */
export interface Asker {
  /** @param reply checked, in octets of its own. */
  replied(reply: Uint8Array): void;
  failed(error: ExchangeError): void;
}

/** How many replies that do not match a query waits through before it gives its transport up (see DESIGN, and BIND's mismatches). */
export const MAX_BAD_REPLIES = 3;

/** How often one server is sent a question over one transport: twice more than once (RFC 9520 section 3.2). */
export const MAX_SENDS = 3;

export class PendingQuery implements Expiring, InWaitingLine {
  /** Octets of the question's name, which stands in `message` behind the header. */
  readonly nameLength: number;
  /** Any reply with the right id will do: for health checks, which ask whether somebody is there. */
  readonly acceptsAny: boolean;
  readonly message: Uint8Array;
  /** Milliseconds on the clock of `deadlines`. */
  readonly deadlineMs: number;
  deadlinePlace = NOWHERE;
  holder: Holder | undefined;
  ahead: this | undefined;
  behind: this | undefined;
  /** As the holder sent it. */
  id = 0;
  /** Replies that could have been meant for this query and do not match it. */
  badReplies = 0;
  /** Connections that ended, and sockets that were refused, with this query on them. */
  deaths = 0;
  /** Connections or sockets that it was asked on anew since nothing came on the one before. */
  moves = 0;
  /** How often it was sent so far, counted by who sends it, and how often it may be. */
  sends = 0;
  mostSends = MAX_SENDS;
  /** How many answers the upstream had given when it went to where none had come yet; -1 where it went to where some had. */
  answersBefore = -1;
  /** When it was moved last, on the clock of `deadlines`. */
  private movedMs = -Infinity;

  private readonly deadlines: Deadlines;
  private readonly asker: Asker;
  private isSettled = false;

  /** @param message as from `askMessage`; until it is settled it belongs to this query, which writes ids into it. */
  constructor(
    message: Uint8Array,
    nameLength: number,
    deadlineMs: number,
    deadlines: Deadlines,
    acceptsAny: boolean,
    asker: Asker,
  ) {
    this.message = message;
    this.nameLength = nameLength;
    this.acceptsAny = acceptsAny;
    this.deadlineMs = deadlineMs;
    this.deadlines = deadlines;
    this.asker = asker;
    deadlines.add(this);
  }

  /** Whether its reply or its failure was told. */
  get isDone(): boolean {
    return this.isSettled;
  }

  get maySend(): boolean {
    return this.sends < this.mostSends;
  }

  /**
   * Whether it may be asked on another connection or socket since nothing comes. On a new one, on which nothing ever came, only when others
   * were answered meanwhile: else it is not one instance that is gone, and asking more often helps nobody.
   * @param answers how many the upstream has given
   */
  mayMove(answers: number): boolean {
    return this.maySend && answers !== this.answersBefore;
  }

  /** Takes note that what it was sent on has come to its end. */
  noteDeath(): void {
    this.deaths++;
  }

  /** Takes note that it is moved. */
  noteMove(answers: number): void {
    this.moves++;
    this.answersBefore = answers;
    this.movedMs = this.deadlines.clock.nowMs();
  }

  /**
   * When the question left that has its answer now: at its last move, or at `startMs` where there was none or the answer came on a connection
   * that it had been moved away from.
   */
  askedMs(startMs: number): number {
    return Math.max(startMs, this.movedMs);
  }

  /** @param from whom the reply came to; not always the holder */
  resolve(reply: Uint8Array, from: Holder): void {
    if (this.holder !== from) this.movedMs = -Infinity;
    if (this.settle()) this.asker.replied(reply);
  }

  reject(error: ExchangeError): void {
    if (this.settle()) this.asker.failed(error);
  }

  /** The same, in a moment: for who is being asked right now, and would answer before the question is out. */
  rejectSoon(error: ExchangeError): void {
    queueMicrotask(() => this.reject(error));
  }

  expire(): void {
    const doing = this.holder?.expire(this) ?? 'exchange';
    this.reject(timeoutError(doing));
  }

  /** @returns false when it was settled before. */
  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.deadlines.delete(this);
    this.holder = undefined;
    return true;
  }
}
