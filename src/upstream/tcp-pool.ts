/**
 * The connections of one upstream, kept and shared: which one a query takes, when another is opened, and what becomes of queries whose
 * connection ended. Queries that find no room wait here, in their order, for the next connection that has some; no query is tied to a
 * connection that is still being opened, so a slow handshake delays nobody whom another connection could serve.
 *
 * A query whose connection ended under it goes once more, on a connection opened since: the others were idle for as long and may be
 * just as dead (RFC 7766 section 6.2.4).
 *
 * Three things that look like nothing at all are noticed by a look at all connections twenty times a second, while there are queries:
 *
 *     a connection with queries falls silent ──► they are asked on a new one too; whichever answers first counts
 *     a connection takes long to open ─────────► another one is opened beside it
 *     no connection can be opened any more ────► tried again for a while, where nobody else could be asked (see `RedialPause`)
 *
 * Behind a service address a new connection mostly leads to another instance than the one that is gone. What all this asks twice is
 * bounded to a share of what is asked.
 */
import { ExchangeError, closedError } from './exchange-error.ts';
import type { Holder, PendingQuery } from './pending-query.ts';
import { MoveBudget } from './move-budget.ts';
import { RedialPause } from './redial-pause.ts';
import { hostPort } from './settings.ts';
import { LOOK_INTERVAL_MS, silentLooks } from './silence.ts';
import { IN_ORDER_QUERIES, TcpConnection } from './tcp-connection.ts';
import type { StreamTarget, TcpConnectionOwner } from './tcp-connection.ts';
import type { StreamSeries } from './upstream-metrics.ts';
import { WaitingLine } from './waiting-line.ts';

/** Connections that take queries or are being opened. */
const MAX_CONNECTIONS = 64;
/** The same with those that are silent, condemned or slow to open. */
const MAX_ALIVE = 128;
/** Queries without a connection; beyond it they are turned down. */
const MAX_WAITING = 4096;
/** Connections that a query may lose before it fails. */
const MAX_DEATHS = 2;
/** What may be asked twice at once: what 64 connections hold that carry two each. */
const MOST_MOVES = 128;

export class TcpPool implements Holder, TcpConnectionOwner {
  private readonly target: StreamTarget;
  private readonly maxIdle: number;
  private readonly series: StreamSeries;
  private readonly onMismatch: () => void;
  /** Every connection that is not closed: being opened, open, condemned. */
  private readonly alive = new Set<TcpConnection>();
  /** Those being opened, but for those that take long. */
  private readonly dialling = new Set<TcpConnection>();
  /** Connections that take queries, each with its place in the order of opening. */
  private readonly open = new Map<TcpConnection, number>();
  /** The same, of connections that are silent; they take queries again when they are not. */
  private readonly silenced = new Map<TcpConnection, number>();
  private openings = 0;
  private readonly waiting = new WaitingLine<PendingQuery>();
  /** Queries that lost their connection, each with the number of connections opened before that. */
  private readonly retrying = new Map<PendingQuery, number>();
  private readonly moves = new MoveBudget(MOST_MOVES);
  private readonly pause: RedialPause;
  private lookTimer: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** @param maxIdle connections kept without a query; 0 for any number */
  constructor(target: StreamTarget, maxIdle: number, series: StreamSeries, onMismatch: () => void) {
    this.target = target;
    this.pause = new RedialPause(target.redialMs, () => this.dial());
    this.maxIdle = maxIdle;
    this.series = series;
    this.onMismatch = onMismatch;
  }

  ask(query: PendingQuery): void {
    const connection = this.leastLoaded();
    if (this.isClosed) return query.rejectSoon(closedError());
    this.moves.earn();
    this.lookTimer ??= setInterval(() => this.look(), LOOK_INTERVAL_MS).unref();
    if (connection !== undefined) {
      this.series.hits.value++;
      connection.ask(query);
    } else if (this.waiting.size >= MAX_WAITING) {
      query.rejectSoon(new ExchangeError('busy', `${this.doing}: too many queries are waiting`));
    } else {
      this.series.misses.value++;
      query.holder = this;
      this.waiting.push(query);
      this.dial();
    }
  }

  close(): void {
    this.isClosed = true;
    this.stopLooking();
    this.pause.end();
    for (const connection of this.alive) connection.close();
    this.rejectWaiting(closedError());
  }

  expire(query: PendingQuery): string {
    this.waiting.delete(query);
    this.retrying.delete(query);
    return this.doing;
  }

  opened(connection: TcpConnection): void {
    this.dialling.delete(connection);
    this.pause.end();
    this.open.set(connection, ++this.openings);
    this.changed(connection);
  }

  changed(connection: TcpConnection): void {
    if (!connection.hasFallenSilent) this.trustAgain(connection);
    const opening = this.open.get(connection);
    if (opening === undefined) return;
    if (!connection.isOpen) {
      this.open.delete(connection);
      return this.dial();
    }
    while (connection.hasRoom) {
      const query = this.takeFor(opening);
      if (query === undefined) break;
      connection.ask(query);
    }
    if (connection.isIdle && this.hasTooManyIdle()) connection.close();
  }

  silent(connection: TcpConnection, queries: PendingQuery[]): void {
    const opening = this.open.get(connection);
    if (opening !== undefined) {
      this.open.delete(connection);
      this.silenced.set(connection, opening);
      this.series.silences.value++;
    }
    // The first one is the one that may be slow; those that stood behind it come first now.
    for (const query of queries.toReversed()) this.move(query);
    this.dial();
  }

  slow(connection: TcpConnection): void {
    if (this.dialling.delete(connection)) this.dial();
  }

  mismatched(): void {
    this.onMismatch();
  }

  ended(connection: TcpConnection, error: ExchangeError, orphans: PendingQuery[]): void {
    this.alive.delete(connection);
    this.open.delete(connection);
    this.silenced.delete(connection);
    const failedToOpen = this.dialling.delete(connection);
    for (const query of orphans) this.retry(query, error);
    if (!failedToOpen) return this.dial();
    if (this.open.size > 0 || this.dialling.size > 0) return;
    // Dialling again at once would hammer a host that refuses; and what waits can as well be told now.
    if (this.isClosed || !this.pause.begin()) this.rejectWaiting(error);
  }

  private get doing(): string {
    return `dial tcp ${hostPort(this.target.connector.host, this.target.connector.port)}`;
  }

  private retry(query: PendingQuery, error: ExchangeError): void {
    query.noteDeath();
    if (query.deaths >= MAX_DEATHS || !query.maySend || this.isClosed) return query.reject(error);
    query.holder = this;
    this.retrying.set(query, this.openings);
  }

  /** Has a query asked on another connection as well. */
  private move(query: PendingQuery): void {
    const { answers } = this.target.roundTrip;
    if (!query.mayMove(answers) || !this.moves.spend()) return;
    query.noteMove(answers);
    this.series.moves.value++;
    query.holder = this;
    this.retrying.set(query, this.openings);
  }

  private trustAgain(connection: TcpConnection): void {
    const opening = this.silenced.get(connection);
    if (opening === undefined) return;
    this.silenced.delete(connection);
    this.open.set(connection, opening);
  }

  private look(): void {
    const most = silentLooks(this.target.roundTrip);
    for (const connection of this.alive) connection.look(most);
    for (const query of this.retrying.keys()) if (query.isDone) this.retrying.delete(query);
    // Connections that have no room for those who wait may not have any soon.
    this.dial();
    for (const connection of this.alive) if (connection.isBusy) return;
    if (this.waiting.size + this.retrying.size === 0) this.stopLooking();
  }

  private stopLooking(): void {
    clearInterval(this.lookTimer);
    this.lookTimer = undefined;
  }

  /** Opens as many connections as the waiting queries need, if each takes as many as a new connection may. */
  private dial(): void {
    if (this.isClosed || this.pause.isRunning) return;
    const wanted = Math.ceil((this.waiting.size + this.retrying.size) / IN_ORDER_QUERIES);
    const most = MAX_CONNECTIONS - this.open.size;
    while (this.dialling.size < Math.min(wanted, most) && this.alive.size < MAX_ALIVE) {
      const connection = new TcpConnection(this.target, this);
      this.alive.add(connection);
      this.dialling.add(connection);
    }
  }

  private leastLoaded(): TcpConnection | undefined {
    let best: TcpConnection | undefined;
    for (const connection of this.open.keys()) {
      if (!connection.hasRoom || (best !== undefined && connection.load >= best.load)) continue;
      best = connection;
      if (best.load === 0) break;
    }
    return best;
  }

  private takeFor(opening: number): PendingQuery | undefined {
    for (const [query, openedBefore] of this.retrying) {
      if (opening <= openedBefore) continue;
      this.retrying.delete(query);
      if (!query.isDone) return query;
    }
    return this.waiting.shift();
  }

  private hasTooManyIdle(): boolean {
    if (this.maxIdle <= 0) return false;
    let idle = 0;
    for (const connection of this.open.keys()) if (connection.isIdle) idle++;
    return idle > this.maxIdle;
  }

  private rejectWaiting(error: ExchangeError): void {
    const left = [...this.retrying.keys()];
    this.retrying.clear();
    for (let query = this.waiting.shift(); query !== undefined; query = this.waiting.shift())
      left.push(query);
    for (const query of left) query.reject(error);
  }
}
