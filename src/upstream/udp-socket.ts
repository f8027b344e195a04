/**
 * One UDP socket that asks an upstream. Its port is the kernel's choice and, with the id, what a forger has to guess; so a socket serves
 * for a short while and a few hundred queries (RFC 5452 section 9.2).
 *
 *     opening ──opened──► open ──retire──► retired ──last query settled──► closed
 *        └──────────failed──┴─────failed─────┴─────────────────────────────►
 *
 * An id is used once in the life of a socket. So a reply that comes late or twice is known as such, and is not held against others.
 * How datagrams go and come is the channel's business.
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
  /** The socket takes no more queries. */
  retired(socket: UdpSocket): void;
  closed(socket: UdpSocket): void;
  /**
   * The socket could not be opened for this query.
   * @returns whether another one takes it.
   */
  adopt(query: PendingQuery): boolean;
}

export class UdpSocket implements Holder, ChannelEvents {
  private readonly target: UdpTarget;
  private readonly owner: UdpSocketOwner;
  private state: 'opening' | 'open' | 'closed' = 'opening';
  private retiring = false;
  /** Every id used so far; undefined where the query is settled. */
  private readonly queries = new Map<number, PendingQuery | undefined>();
  private outstanding = 0;
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

  /** Whether it takes no more queries. */
  get isRetired(): boolean {
    return this.retiring;
  }

  /** Sends the query, at once or when the socket is open. Not to be called on a socket that was retired or closed. */
  ask(query: PendingQuery): void {
    query.id = this.target.ids.nextFree(this.queries);
    writeId(query.message, query.id);
    query.holder = this;
    this.queries.set(query.id, query);
    this.outstanding++;
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
    this.forget(query);
    this.closeWhenDone();
    return doing;
  }

  opened(localAddress: string, localPort: number): void {
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.localAddress = hostPort(localAddress, localPort);
    for (const query of this.queries.values()) if (query !== undefined) this.channel.send(query.message);
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
      this.blame(query);
    } else {
      this.forget(query);
      // The datagram's octets are another one's after this call.
      query.resolve(this.target.check.keep(reply));
    }
    this.closeWhenDone();
  }

  sendFailed(message: Uint8Array, error: Error): void {
    const query = this.queries.get(readId(message));
    if (query?.message !== message) return;
    this.forget(query);
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
      this.end(() => systemError(`${during} udp ${this.path}`, error));
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
    for (const query of this.queries.values()) if (query !== undefined) this.blame(query);
    this.closeWhenDone();
  }

  private blame(query: PendingQuery): void {
    if (++query.badReplies < MAX_BAD_REPLIES) return;
    this.forget(query);
    query.reject(new ExchangeError('invalid', `${this.reading}: replies do not match the question`));
  }

  private forget(query: PendingQuery): void {
    this.queries.set(query.id, undefined);
    this.outstanding--;
  }

  private closeWhenDone(): void {
    if (this.retiring && this.outstanding === 0) this.close();
  }

  private end(makeError: () => ExchangeError, rescue?: (query: PendingQuery) => boolean): void {
    if (this.state === 'closed') return;
    const left = [...this.queries.values()];
    this.retiring = true;
    this.owner.retired(this);
    for (const query of left) {
      if (query !== undefined && rescue?.(query) !== true) query.reject(makeError());
    }
    this.queries.clear();
    this.state = 'closed';
    clearTimeout(this.lifeTimer);
    this.channel.close();
    this.owner.closed(this);
  }
}
