/**
 * One UDP socket that asks an upstream. Its port is the kernel's choice and, with the id, what a forger has to guess; so a socket serves
 * for a short while and a few hundred queries (RFC 5452 section 9.2).
 *
 *     opening ──opened──► open ──retire──► retired ──last query settled──► closed
 *        └──────────failed──┴─────failed─────┴─────────────────────────────►
 *
 * An id is used once in the life of a socket. So a reply that comes late or twice is known as such, and is not held against others.
 * How datagrams go and come is the channel's business.
 *
 * A socket with queries on which nothing comes for a while is silent: its way to the upstream may lead nowhere, or the names may be slow
 * ones. Its queries are offered to the owner, who may ask them elsewhere too, and an answer that still comes here counts.
 */
import type { ChannelEvents, DatagramChannel, DatagramChannels } from '../datagram/channels.ts';
import type { Peer } from '../datagram/connected-socket.ts';
import { readId, writeId } from '../wire/header.ts';
import { ExchangeError, closedError, systemError } from './exchange-error.ts';
import { MAX_BAD_REPLIES } from './pending-query.ts';
import type { Holder, PendingQuery } from './pending-query.ts';
import type { RandomIds } from './random-id.ts';
import type { ReplyCheck } from './reply-check.ts';
import { hostPort } from './settings.ts';
import { UsedIds } from './used-ids.ts';

/** Queries after which a socket is retired. */
const MAX_QUERIES = 512;

export interface UdpTarget extends Peer {
  readonly channels: DatagramChannels;
  /** How long a socket takes queries. */
  readonly lifeMs: number;
  readonly ids: RandomIds;
  readonly check: ReplyCheck;
}

export interface UdpSocketOwner {
  /** A datagram came that matches no query. */
  mismatched(): void;
  /** A reply came on this socket. */
  heard(socket: UdpSocket): void;
  /** The socket takes no more queries. */
  retired(socket: UdpSocket): void;
  closed(socket: UdpSocket): void;
  /**
   * The socket could not be opened for this query.
   * @returns whether another one takes it.
   */
  adopt(query: PendingQuery): boolean;
  /**
   * The socket has failed, with this query on it.
   * @returns whether it is asked again on another one.
   */
  renew(query: PendingQuery): boolean;
  /**
   * Nothing came for a while, though these queries wait. They are still this socket's, until the owner gives them to another one.
   */
  silent(socket: UdpSocket, queries: readonly PendingQuery[]): void;
}

export class UdpSocket implements Holder, ChannelEvents {
  private readonly target: UdpTarget;
  private readonly owner: UdpSocketOwner;
  private state: 'opening' | 'open' | 'closed' = 'opening';
  private retiring = false;
  private readonly queries = new UsedIds(MAX_QUERIES);
  private outstanding = 0;
  /** Changes whenever a reply comes, and when the first query goes out. */
  private progress = 0;
  private seenProgress = 0;
  private answered = false;
  private looks = 0;
  private readonly lifeTimer: NodeJS.Timeout;
  private localAddress = '';
  private readonly channel: DatagramChannel;

  constructor(target: UdpTarget, owner: UdpSocketOwner) {
    this.target = target;
    this.owner = owner;
    this.lifeTimer = setTimeout(() => this.retire(), target.lifeMs).unref();
    this.channel = target.channels.open(target, this);
  }

  /** Whether a query goes out at once. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Whether a reply has come. */
  get hasAnswered(): boolean {
    return this.answered;
  }

  /** Whether it takes no more queries. */
  get isRetired(): boolean {
    return this.retiring;
  }

  /** With queries whose answers may come. */
  get isBusy(): boolean {
    return this.outstanding > 0;
  }

  /**
   * To be called at a steady interval while there are queries.
   * @param silentLooks after how many looks at which nothing has come it is silent
   */
  look(silentLooks: number): void {
    if (this.outstanding === 0 || this.progress !== this.seenProgress) {
      this.seenProgress = this.progress;
      this.looks = 0;
    } else if (++this.looks >= silentLooks) {
      this.fallSilent();
    }
  }

  /** Sends the query, at once or when the socket is open. Not to be called on a socket that was retired or closed. */
  ask(query: PendingQuery): void {
    query.id = this.target.ids.nextFree(this.queries);
    writeId(query.message, query.id);
    query.holder = this;
    query.sends++;
    this.queries.add(query);
    if (this.outstanding++ === 0) this.progress++;
    if (this.state === 'open') this.channel.send(query.message);
    if (this.queries.size >= MAX_QUERIES) this.retire();
  }

  /** Takes no more queries; closes when the last one is settled. */
  retire(): void {
    if (this.retiring) return;
    this.retiring = true;
    this.owner.retired(this);
    this.closeWhenDone();
  }

  /** Closes at once; queries on the way are rejected. */
  close(): void {
    this.end(() => closedError());
  }

  expire(query: PendingQuery): string {
    const doing = this.state === 'opening' ? this.dialling : this.reading;
    this.forget(query.id);
    this.closeWhenDone();
    return doing;
  }

  opened(localAddress: string, localPort: number): void {
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.localAddress = hostPort(localAddress, localPort);
    // What another socket has taken over bears its id.
    for (const { query } of this.queries.unsettled()) {
      if (query.holder === this) this.channel.send(query.message);
    }
  }

  received(datagram: Uint8Array): void {
    const id = datagram.length < 2 ? -1 : readId(datagram);
    const query = this.queries.get(id);
    if (query === undefined) {
      if (!this.queries.has(id)) this.guessed();
      return;
    }
    const reply = this.target.check.accepted(query, datagram);
    if (reply === undefined) {
      this.owner.mismatched();
      this.blame(id, query);
    } else {
      this.progress++;
      this.answered = true;
      this.owner.heard(this);
      this.forget(id);
      // The datagram's octets are another one's after this call.
      if (!query.isDone) query.resolve(this.target.check.keep(reply), this);
    }
    this.closeWhenDone();
  }

  sendFailed(message: Uint8Array, error: Error): void {
    const query = this.queries.get(readId(message));
    if (query?.message !== message || query.holder !== this) return;
    this.forget(query.id);
    query.reject(systemError(`write udp ${this.path}`, error));
    this.closeWhenDone();
  }

  /** The system reported an error for the socket as a whole; ECONNREFUSED is an ICMP port unreachable. */
  failed(error: Error, during: 'dial' | 'read' | 'write'): void {
    if (during === 'dial') {
      this.end(
        () => systemError(this.dialling, error),
        (query) => this.owner.adopt(query),
      );
    } else {
      this.end(
        () => systemError(`${during} udp ${this.path}`, error),
        (query) => this.owner.renew(query),
      );
    }
  }

  private get dialling(): string {
    return `dial udp ${hostPort(this.target.host, this.target.port)}`;
  }

  private get reading(): string {
    return `read udp ${this.path}`;
  }

  private get path(): string {
    return `${this.localAddress}->${hostPort(this.target.host, this.target.port)}`;
  }

  /** A wrong id may be a guess at any of the queries on the way. */
  private guessed(): void {
    this.owner.mismatched();
    for (const { id, query } of this.queries.unsettled()) this.blame(id, query);
    this.closeWhenDone();
  }

  private blame(id: number, query: PendingQuery): void {
    if (++query.badReplies < MAX_BAD_REPLIES) return;
    this.forget(id);
    query.reject(new ExchangeError('invalid', `${this.reading}: replies do not match the question`));
  }

  /** Whoever waits may be asked elsewhere from now on; and when nobody waits any more, there is nothing to stay for. */
  private fallSilent(): void {
    this.looks = 0;
    const waiting: PendingQuery[] = [];
    for (const { id, query } of this.queries.unsettled()) {
      if (query.isDone) this.forget(id);
      else if (query.holder === this) waiting.push(query);
    }
    if (this.outstanding > 0) this.owner.silent(this, waiting);
    else this.retire();
    this.closeWhenDone();
  }

  private forget(id: number): void {
    this.queries.settle(id);
    this.outstanding--;
  }

  private closeWhenDone(): void {
    if (this.retiring && this.outstanding === 0) this.close();
  }

  private end(makeError: () => ExchangeError, rescue?: (query: PendingQuery) => boolean): void {
    if (this.state === 'closed') return;
    const left = this.queries.unsettled();
    this.retiring = true;
    this.owner.retired(this);
    for (const { id, query } of left) {
      // It is another socket's now, or knows of its end already.
      this.queries.settle(id);
      // Those that were asked elsewhere too are still there.
      if (query.holder === this && rescue?.(query) !== true) query.reject(makeError());
    }
    this.state = 'closed';
    clearTimeout(this.lifeTimer);
    this.channel.close();
    this.owner.closed(this);
  }
}
