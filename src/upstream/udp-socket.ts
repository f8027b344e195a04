/**
 * One UDP socket connected to an upstream, so that the kernel lets in only what comes from its address and port, with the queries that
 * went out through it. The port is the kernel's choice and, with the id, what a forger has to guess; so a socket serves for a short while
 * and a few hundred queries (RFC 5452 section 9.2).
 *
 *     opening ──connect──► open ──retire──► retired ──last query settled──► closed
 *        └──────────error────┴─────error──────┴──────────────────────────────►
 *
 * An id is used once in the life of a socket. So a reply that comes late or twice is known as such, and is not held against others.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { readId, writeId } from '../wire/header.ts';
import { ExchangeError, closedError, errnoOf, systemError } from './exchange-error.ts';
import { MAX_BAD_REPLIES } from './pending-query.ts';
import type { Holder, PendingQuery } from './pending-query.ts';
import type { RandomIds } from './random-id.ts';
import type { ReplyCheck } from './reply-check.ts';
import { hostPort } from './settings.ts';

/** Queries after which a socket is retired. */
const MAX_QUERIES = 512;

export interface UdpTarget {
  readonly host: string;
  readonly port: number;
  readonly sourceAddress: string | undefined;
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

export class UdpSocket implements Holder {
  private readonly target: UdpTarget;
  private readonly owner: UdpSocketOwner;
  private readonly socket: Socket;
  private state: 'opening' | 'open' | 'closed' = 'opening';
  private retiring = false;
  /** Every id used so far; undefined where the query is settled. */
  private readonly queries = new Map<number, PendingQuery | undefined>();
  private outstanding = 0;
  private readonly lifeTimer: NodeJS.Timeout;
  private localAddress = '';

  constructor(target: UdpTarget, owner: UdpSocketOwner) {
    this.target = target;
    this.owner = owner;
    this.socket = createSocket(isIPv6(target.host) ? 'udp6' : 'udp4');
    this.socket.on('connect', () => this.opened());
    // A plain view of the datagram's own memory: `slice` of a Buffer would share what it should copy.
    this.socket.on('message', ({ buffer, byteOffset, length }) =>
      this.received(new Uint8Array(buffer, byteOffset, length)),
    );
    this.socket.on('error', (error) => this.fail(error));
    if (target.sourceAddress !== undefined) {
      this.socket.bind({ address: target.sourceAddress, port: 0, exclusive: true });
    }
    this.socket.connect(target.port, target.host);
    this.lifeTimer = setTimeout(() => this.retire(), target.lifeMs).unref();
  }

  /** Whether a query goes out at once. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Sends the query, at once or when the socket is open. Not to be called on a socket that was retired or closed. */
  ask(query: PendingQuery): void {
    query.id = this.target.ids.nextFree(this.queries);
    writeId(query.message, query.id);
    query.holder = this;
    this.queries.set(query.id, query);
    this.outstanding++;
    if (this.state === 'open') this.send(query);
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

  private get dialling(): string {
    return `dial udp ${hostPort(this.target.host, this.target.port)}`;
  }

  private get reading(): string {
    return `read udp ${this.path}`;
  }

  private get path(): string {
    return `${this.localAddress}->${hostPort(this.target.host, this.target.port)}`;
  }

  private opened(): void {
    if (this.state !== 'opening') return;
    this.state = 'open';
    const { address, port } = this.socket.address();
    this.localAddress = hostPort(address, port);
    for (const query of this.queries.values()) if (query !== undefined) this.send(query);
  }

  private send(query: PendingQuery): void {
    this.socket.send(query.message, (error) => {
      if (error !== null) this.sendFailed(query, error);
    });
  }

  private sendFailed(query: PendingQuery, error: Error): void {
    // A refusal tells of datagrams sent before this one.
    if (errnoOf(error) === 'ECONNREFUSED') return this.fail(error, `write udp ${this.path}`);
    if (query.holder !== this) return;
    this.forget(query);
    query.reject(systemError(`write udp ${this.path}`, error));
    this.closeWhenDone();
  }

  private received(datagram: Uint8Array): void {
    const id = datagram.length < 2 ? -1 : readId(datagram);
    if (!this.queries.has(id)) {
      this.owner.mismatched();
      // A wrong id may be a guess at any of the queries on the way.
      for (const query of this.queries.values()) if (query !== undefined) this.blame(query);
      return this.closeWhenDone();
    }
    const query = this.queries.get(id);
    if (query === undefined) return;
    const reply = this.target.check.accepted(query, datagram);
    if (reply === undefined) {
      this.owner.mismatched();
      this.blame(query);
    } else {
      this.forget(query);
      query.resolve(reply);
    }
    this.closeWhenDone();
  }

  private blame(query: PendingQuery): void {
    if (++query.badReplies < MAX_BAD_REPLIES) return;
    this.forget(query);
    query.reject(new ExchangeError('invalid', `${this.reading}: replies do not match the question`));
  }

  /** The system reported an error for the socket as a whole; ECONNREFUSED is an ICMP port unreachable. */
  private fail(error: Error, doing = this.reading): void {
    if (this.state === 'open') {
      this.end(() => systemError(doing, error));
    } else {
      this.end(
        () => systemError(this.dialling, error),
        (query) => this.owner.adopt(query),
      );
    }
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
    this.socket.close();
    this.owner.closed(this);
  }
}
