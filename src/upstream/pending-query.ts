/**
 * One query that waits for its reply over one transport: the octets to send, what a reply has to match, the deadline, and the promise.
 * Who has it at the moment (a queue, a socket, a connection) is its holder; the deadline tells the holder to let go. It settles once.
 */
import type { Deadlines, Expiring } from '../base/deadlines.ts';
import { timeoutError } from './exchange-error.ts';
import type { ExchangeError } from './exchange-error.ts';

export interface Holder {
  /**
   * The query's time is up; the holder lets go of it.
   * @returns what was going on, for the error: `read udp 10.1.1.1:43123->8.8.8.8:53`.
   */
  expire(query: PendingQuery): string;
}

/** How many replies that do not match a query waits through before it gives its transport up (see DESIGN, and BIND's mismatches). */
export const MAX_BAD_REPLIES = 3;

export class PendingQuery implements Expiring {
  /** Octets of the question's name, which stands in `message` behind the header. */
  readonly nameLength: number;
  /** Any reply with the right id will do: for health checks, which ask whether somebody is there. */
  readonly acceptsAny: boolean;
  /** Settles as the query does; rejects with ExchangeError only. */
  readonly reply: Promise<Uint8Array>;
  readonly message: Uint8Array;
  /** Milliseconds on the clock of `deadlines`. */
  readonly deadlineMs: number;
  holder: Holder | undefined;
  /** As the holder sent it. */
  id = 0;
  /** Replies that could have been meant for this query and do not match it. */
  badReplies = 0;
  /** Connections that ended with this query on them. */
  deaths = 0;

  private readonly resolveReply: (reply: Uint8Array) => void;
  private readonly rejectReply: (error: ExchangeError) => void;
  private readonly deadlines: Deadlines;

  /** @param message as from `askMessage`; it belongs to this query, which writes ids into it. */
  constructor(
    message: Uint8Array,
    nameLength: number,
    deadlineMs: number,
    deadlines: Deadlines,
    acceptsAny: boolean,
  ) {
    this.message = message;
    this.nameLength = nameLength;
    this.acceptsAny = acceptsAny;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.reply = promise;
    this.resolveReply = resolve;
    this.rejectReply = reject;
    this.deadlineMs = deadlineMs;
    this.deadlines = deadlines;
    deadlines.add(this);
  }

  resolve(reply: Uint8Array): void {
    this.deadlines.delete(this);
    this.holder = undefined;
    this.resolveReply(reply);
  }

  reject(error: ExchangeError): void {
    this.deadlines.delete(this);
    this.holder = undefined;
    this.rejectReply(error);
  }

  expire(): void {
    const doing = this.holder?.expire(this) ?? 'exchange';
    this.reject(timeoutError(doing));
  }
}
