/**
 * The connections of one upstream, kept and shared: which one a query takes, when another is opened, and what becomes of queries whose
 * connection ended. Queries that find no room wait here, in their order, for the next connection that has some; no query is tied to a
 * connection that is still being opened, so a slow handshake delays nobody whom another connection could serve.
 *
 * A query whose connection ended under it goes once more, on a connection opened since: the others were idle for as long and may be
 * just as dead (RFC 7766 section 6.2.4).
 */
import { ExchangeError, closedError } from './exchange-error.ts';
import type { Holder, PendingQuery } from './pending-query.ts';
import { hostPort } from './settings.ts';
import { IN_ORDER_QUERIES, TcpConnection } from './tcp-connection.ts';
import type { StreamTarget, TcpConnectionOwner } from './tcp-connection.ts';
import type { ConnectionSeries } from './upstream-metrics.ts';

/** Connections that take queries or are being opened. */
const MAX_CONNECTIONS = 64;
/** Queries without a connection; beyond it they are turned down. */
const MAX_WAITING = 4096;
/** Connections that a query may lose before it fails. */
const MAX_DEATHS = 2;

export class TcpPool implements Holder, TcpConnectionOwner {
  private readonly target: StreamTarget;
  private readonly maxIdle: number;
  private readonly series: ConnectionSeries;
  private readonly onMismatch: () => void;
  /** Every connection that is not closed: being opened, open, condemned. */
  private readonly alive = new Set<TcpConnection>();
  private readonly dialling = new Set<TcpConnection>();
  /** Connections that take queries, each with its place in the order of opening. */
  private readonly open = new Map<TcpConnection, number>();
  private openings = 0;
  private readonly waiting = new Set<PendingQuery>();
  /** Queries that lost their connection, each with the number of connections opened before that. */
  private readonly retrying = new Map<PendingQuery, number>();
  private isClosed = false;

  /** @param maxIdle connections kept without a query; 0 for any number */
  constructor(target: StreamTarget, maxIdle: number, series: ConnectionSeries, onMismatch: () => void) {
    this.target = target;
    this.maxIdle = maxIdle;
    this.series = series;
    this.onMismatch = onMismatch;
  }

  ask(query: PendingQuery): void {
    const connection = this.leastLoaded();
    if (this.isClosed) {
      query.rejectSoon(closedError());
    } else if (connection !== undefined) {
      this.series.hits.value++;
      connection.ask(query);
    } else if (this.waiting.size >= MAX_WAITING) {
      query.rejectSoon(new ExchangeError('busy', `${this.doing}: too many queries are waiting`));
    } else {
      this.series.misses.value++;
      query.holder = this;
      this.waiting.add(query);
      this.dial();
    }
  }

  close(): void {
    this.isClosed = true;
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
    this.open.set(connection, ++this.openings);
    this.changed(connection);
  }

  changed(connection: TcpConnection): void {
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

  mismatched(): void {
    this.onMismatch();
  }

  ended(connection: TcpConnection, error: ExchangeError, orphans: PendingQuery[]): void {
    this.alive.delete(connection);
    this.open.delete(connection);
    const failedToOpen = this.dialling.delete(connection);
    for (const query of orphans) this.retry(query, error);
    if (!failedToOpen) return this.dial();
    // Dialling again at once would hammer a host that refuses; and what waits can as well be told now.
    if (this.open.size === 0 && this.dialling.size === 0) this.rejectWaiting(error);
  }

  private get doing(): string {
    return `dial tcp ${hostPort(this.target.connector.host, this.target.connector.port)}`;
  }

  private retry(query: PendingQuery, error: ExchangeError): void {
    if (++query.deaths >= MAX_DEATHS || this.isClosed) return query.reject(error);
    query.holder = this;
    this.retrying.set(query, this.openings);
  }

  /** Opens as many connections as the waiting queries need, if each takes as many as a new connection may. */
  private dial(): void {
    if (this.isClosed) return;
    const wanted = Math.ceil((this.waiting.size + this.retrying.size) / IN_ORDER_QUERIES);
    const most = MAX_CONNECTIONS - this.open.size;
    while (this.dialling.size < Math.min(wanted, most)) {
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
      return query;
    }
    const [query] = this.waiting;
    if (query !== undefined) this.waiting.delete(query);
    return query;
  }

  private hasTooManyIdle(): boolean {
    if (this.maxIdle <= 0) return false;
    let idle = 0;
    for (const connection of this.open.keys()) if (connection.isIdle) idle++;
    return idle > this.maxIdle;
  }

  private rejectWaiting(error: ExchangeError): void {
    const left = [...this.retrying.keys(), ...this.waiting];
    this.retrying.clear();
    this.waiting.clear();
    for (const query of left) query.reject(error);
  }
}
