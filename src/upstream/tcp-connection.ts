/**
 * One stream to an upstream and the queries on it, matched by id and question, not by order (RFC 7766 section 6.2.1). Which connection a
 * query takes, and what becomes of queries whose connection ended, is the owner's business.
 *
 *                     silent ──nobody waits any more─────────────────────────────────────────────┐
 *        nothing for 0.3 s ▲ │ something                                                         ▼
 *     dialling ──ready──► open ──(age, or a query timed out)──► condemned ──last query settled──► closed
 *         └───────error────┴───────── error, end of stream, three bad messages ──────────────────►
 *
 * A server may answer strictly in order, as CoreDNS does; then a slow answer delays all behind it. So only two queries are on a
 * connection at a time until an answer out of order has shown that this server is of the other kind.
 *
 * A connection with queries on which nothing comes for a while is silent: its peer may be gone without a word, or its first query may be
 * a slow one. It is not known which before the system gives the peer up (`dead-peer.ts`), so its queries are offered to the owner, who may
 * ask them elsewhere too, and an answer that still comes here counts.
 */
import type { Socket } from 'node:net';
import { readId, writeUint16 } from '../wire/header.ts';
import { ExchangeError, closedError, isSystemError, systemError, timeoutError } from './exchange-error.ts';
import { FrameReader, frame } from '../wire/frames.ts';
import { MAX_BAD_REPLIES } from './pending-query.ts';
import type { Holder, PendingQuery } from './pending-query.ts';
import type { RandomIds } from './random-id.ts';
import type { ReplyCheck } from './reply-check.ts';
import type { RoundTrip } from './round-trip.ts';
import { SentQueries } from './sent-queries.ts';
import { hostPort } from './settings.ts';
import type { StreamConnector } from './tcp.ts';

/** Queries on a connection whose server has shown no other order than ours. */
export const IN_ORDER_QUERIES = 2;
/** Queries on a connection whose server answers as answers are ready. */
const OUT_OF_ORDER_QUERIES = 64;
const DIAL_TIMEOUT_MS = 2_000;
/** Looks of the owner after which a connection is slow to open: the wait is this times its interval, and up to one interval more. */
const SLOW_DIAL_LOOKS = 5;

export interface StreamTarget {
  readonly connector: StreamConnector;
  /** How long a connection without queries is kept, shortened by up to a quarter. */
  readonly idleMs: number;
  /** The age at which a connection takes no more queries, shortened by up to a quarter. */
  readonly maxAgeMs: number;
  /** How long it is tried to connect again to an upstream that was there a moment ago. */
  readonly redialMs: number;
  /** How long answers take. */
  readonly roundTrip: RoundTrip;
  readonly ids: RandomIds;
  readonly check: ReplyCheck;
}

export interface TcpConnectionOwner {
  opened(connection: TcpConnection): void;
  /** A query is off the connection, or it takes no more of them. */
  changed(connection: TcpConnection): void;
  /**
   * Nothing came for a while, though these queries wait. They are still this connection's, until the owner gives them to another one.
   * @param queries in the order in which they were sent
   */
  silent(connection: TcpConnection, queries: PendingQuery[]): void;
  /** It takes long to open. */
  slow(connection: TcpConnection): void;
  /** A message came that answers no query. */
  mismatched(): void;
  /** @param orphans queries that were on it, unsettled and without holder */
  ended(connection: TcpConnection, error: ExchangeError, orphans: PendingQuery[]): void;
}

export class TcpConnection implements Holder {
  private readonly target: StreamTarget;
  private readonly owner: TcpConnectionOwner;
  private readonly socket: Socket;
  private readonly reader = new FrameReader();
  private state: 'dialling' | 'open' | 'condemned' | 'closed' = 'dialling';
  /** With those that timed out, whose answers may still come. */
  private readonly queries = new SentQueries(OUT_OF_ORDER_QUERIES);
  private outstanding = 0;
  private limit = IN_ORDER_QUERIES;
  private badMessages = 0;
  /** Nothing came for a while. */
  private isSilent = false;
  /** Changes whenever something comes, and when the first query goes out. */
  private progress = 0;
  private seenProgress = 0;
  private looks = 0;
  /** The last query that came here since another connection was silent with it. */
  private suspect: PendingQuery | undefined;
  private localAddress = '';
  private readonly dialTimer: NodeJS.Timeout;
  private idleTimer: NodeJS.Timeout | undefined;
  private ageTimer: NodeJS.Timeout | undefined;

  constructor(target: StreamTarget, owner: TcpConnectionOwner) {
    this.target = target;
    this.owner = owner;
    this.dialTimer = setTimeout(() => this.end(timeoutError(this.dialling)), DIAL_TIMEOUT_MS);
    this.socket = target.connector.open(() => this.ready());
    // In octets of its own: a reply may be kept for long, and the chunk that it came in should not be.
    this.socket.on('data', (chunk: Uint8Array) =>
      this.reader.feed(chunk, (message) => this.received(new Uint8Array(message))),
    );
    this.socket.on('end', () => this.end(this.endOfStream()));
    this.socket.on('close', () => this.end(this.endOfStream()));
    this.socket.on('error', (error) => this.end(this.describe(error)));
  }

  /** Takes queries, now or when others are off. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  get isIdle(): boolean {
    return this.state === 'open' && this.outstanding === 0;
  }

  /** Being opened, or with queries whose answers may come. */
  get isBusy(): boolean {
    return this.state === 'dialling' || this.outstanding > 0;
  }

  get load(): number {
    return this.outstanding;
  }

  get hasRoom(): boolean {
    return this.state === 'open' && !this.isSilent && this.outstanding < this.limit && !this.isHeldUp;
  }

  get hasFallenSilent(): boolean {
    return this.isSilent;
  }

  /**
   * To be called at a steady interval while there are queries: this is how silence is noticed, without a timer for each query.
   * @param silentLooks after how many looks at which nothing has come
   */
  look(silentLooks: number): void {
    if (this.state === 'dialling') {
      if (++this.looks === SLOW_DIAL_LOOKS) this.owner.slow(this);
    } else if (this.outstanding === 0 || this.progress !== this.seenProgress) {
      this.seenProgress = this.progress;
      this.looks = 0;
    } else if (++this.looks >= silentLooks) {
      this.fallSilent();
    }
  }

  /** Sends the query. To be called while there is room. */
  ask(query: PendingQuery): void {
    query.id = this.target.ids.nextFree(this.queries);
    query.holder = this;
    query.sends++;
    this.queries.add(query);
    if (this.outstanding++ === 0) this.progress++;
    if (query.moves > 0) this.suspect = query;
    const framed = frame(query.message);
    writeUint16(framed, 2, query.id);
    this.socket.write(framed);
  }

  /** A query that got no answer in time is how a peer that is gone shows itself: nothing new is trusted to this connection. */
  expire(query: PendingQuery): string {
    const doing = this.reading;
    this.queries.settle(query.id);
    this.outstanding--;
    this.condemn();
    return doing;
  }

  /** Ends the connection at once; its queries go back to the owner. */
  close(): void {
    this.end(closedError());
  }

  /** A query has waited for a moment, and whatever came now would stand behind it. */
  private get isHeldUp(): boolean {
    if (this.outstanding === 0 || this.limit !== IN_ORDER_QUERIES) return false;
    return this.looks > 0 || this.suspect?.isDone === false;
  }

  private get dialling(): string {
    return `dial tcp ${hostPort(this.target.connector.host, this.target.connector.port)}`;
  }

  private get reading(): string {
    const { host, port } = this.target.connector;
    return `read tcp ${this.localAddress}->${hostPort(host, port)}`;
  }

  private get doing(): string {
    return this.state === 'dialling' ? this.dialling : this.reading;
  }

  private ready(): void {
    if (this.state !== 'dialling') return;
    clearTimeout(this.dialTimer);
    this.state = 'open';
    this.looks = 0;
    this.localAddress = hostPort(this.socket.localAddress ?? '', this.socket.localPort ?? 0);
    const { idleMs, maxAgeMs } = this.target;
    this.idleTimer = setTimeout(() => this.endIfIdle(), this.jittered(idleMs)).unref();
    this.ageTimer = setTimeout(() => this.condemn(), this.jittered(maxAgeMs)).unref();
    this.owner.opened(this);
  }

  private received(message: Uint8Array): void {
    if (this.state === 'closed') return;
    this.progress++;
    this.looks = 0;
    const id = message.length < 2 ? -1 : readId(message);
    const query = this.queries.get(id);
    if (query === undefined) {
      if (!this.queries.delete(id)) this.noteBadMessage();
      return;
    }
    const reply = this.target.check.accepted(query, message);
    if (reply === undefined) return this.noteBadMessage();
    if (this.isOvertaking(id)) this.limit = OUT_OF_ORDER_QUERIES;
    this.isSilent = false;
    this.queries.delete(id);
    this.outstanding--;
    query.resolve(reply, this);
    this.settled();
  }

  /** Whether a query that was sent before this one is still on its way. */
  private isOvertaking(id: number): boolean {
    return this.queries.oldest !== id;
  }

  private settled(): void {
    if (this.outstanding === 0) {
      if (this.state === 'condemned') return this.end(closedError());
      this.idleTimer?.refresh();
    }
    this.owner.changed(this);
  }

  /** Whoever waits may be asked elsewhere from now on; and when nobody waits any more, what is left is a peer that says nothing. */
  private fallSilent(): void {
    const waiting = this.queries.unsettled().filter(({ isDone }) => !isDone);
    if (waiting.length === 0) return this.end(timeoutError(this.reading));
    this.looks = 0;
    this.isSilent = true;
    this.owner.silent(
      this,
      waiting.filter(({ holder }) => holder === this),
    );
  }

  private condemn(): void {
    if (this.state !== 'open' && this.state !== 'condemned') return;
    this.state = 'condemned';
    this.settled();
  }

  private noteBadMessage(): void {
    this.owner.mismatched();
    if (++this.badMessages < MAX_BAD_REPLIES) return;
    this.end(new ExchangeError('invalid', `${this.reading}: replies do not match the questions`));
  }

  private endIfIdle(): void {
    if (this.outstanding === 0) this.end(closedError());
  }

  /** Connections that were opened together do not end together. */
  private jittered(ms: number): number {
    return ms * (1 - this.target.ids.next() / 0x40000);
  }

  private endOfStream(): ExchangeError {
    return new ExchangeError('reset', `${this.doing}: EOF`);
  }

  private describe(error: Error): ExchangeError {
    if (isSystemError(error) || this.target.connector.proto === 'tcp') return systemError(this.doing, error);
    return new ExchangeError('tls', `${this.doing}: tls: ${error.message}`, { cause: error });
  }

  private end(error: ExchangeError): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    clearTimeout(this.dialTimer);
    clearTimeout(this.idleTimer);
    clearTimeout(this.ageTimer);
    this.socket.destroy();
    // Those that were asked elsewhere too are still there.
    const orphans = this.queries.unsettled().filter(({ holder }) => holder === this);
    this.queries.clear();
    for (const orphan of orphans) orphan.holder = undefined;
    this.owner.ended(this, error, orphans);
  }
}
