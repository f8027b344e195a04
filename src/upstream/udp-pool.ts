/**
 * The UDP sockets of one upstream. As long as there are fewer than wanted, each query opens one more; so ports are many, change all the
 * time, and an upstream that is seldom asked sees a new one every time. After that one of those that are open is drawn at random, for one
 * query, or for the few that come in the same turn of the event loop where those can share a system call.
 *
 * A shared draw gives a forger nothing: any one query is as likely on each port as with a draw of its own, its id is drawn for it alone,
 * and a forged reply has to repeat the question of the one query that it is for.
 */
import { ExchangeError, closedError } from './exchange-error.ts';
import type { PendingQuery } from './pending-query.ts';
import type { ConnectionSeries } from './upstream-metrics.ts';
import { hostPort } from './settings.ts';
import { UdpSocket } from './udp-socket.ts';
import type { UdpSocketOwner, UdpTarget } from './udp-socket.ts';

/** Sockets that take queries at a time. */
const WANTED_SOCKETS = 64;
/** Queries on the way at a time; beyond it they are turned down. */
const MAX_OUTSTANDING = 4096;

export class UdpPool implements UdpSocketOwner {
  private readonly target: UdpTarget;
  private readonly series: ConnectionSeries;
  private readonly onMismatch: () => void;
  /** Those that take queries. */
  private readonly sockets: UdpSocket[] = [];
  /** Those and the retired ones that wait for their last reply. */
  private readonly alive = new Set<UdpSocket>();
  private outstanding = 0;
  /** The socket that was drawn last, for how many more queries, and in which turn. */
  private drawn: UdpSocket | undefined;
  private drawnFor = 0;
  private drawnTurn = 0;
  private isClosed = false;

  constructor(target: UdpTarget, series: ConnectionSeries, onMismatch: () => void) {
    this.target = target;
    this.series = series;
    this.onMismatch = onMismatch;
  }

  /**
   * Sends the query, which is rejected with `invalid` when replies that do not match came for it. Whoever asks says so with `done` when it
   * is settled.
   */
  ask(query: PendingQuery): void {
    this.outstanding++;
    this.send(query);
  }

  done(): void {
    this.outstanding--;
  }

  close(): void {
    this.isClosed = true;
    for (const socket of this.alive) socket.close();
  }

  mismatched(): void {
    this.onMismatch();
  }

  retired(socket: UdpSocket): void {
    const at = this.sockets.indexOf(socket);
    if (at >= 0) this.sockets.splice(at, 1);
  }

  closed(socket: UdpSocket): void {
    this.alive.delete(socket);
  }

  /** Out of file descriptors or of ports, the sockets that are there still serve. */
  adopt(query: PendingQuery): boolean {
    const open = this.sockets.filter((socket) => socket.isOpen);
    if (this.isClosed || open.length === 0) return false;
    open[this.target.ids.below(open.length)].ask(query);
    return true;
  }

  private send(query: PendingQuery): void {
    if (this.isClosed) return query.rejectSoon(closedError());
    if (this.outstanding > MAX_OUTSTANDING) {
      const doing = `dial udp ${hostPort(this.target.host, this.target.port)}`;
      return query.rejectSoon(new ExchangeError('busy', `${doing}: too many queries are waiting`));
    }
    this.socketForNext().ask(query);
  }

  private socketForNext(): UdpSocket {
    if (this.sockets.length >= WANTED_SOCKETS) {
      this.series.hits.value++;
      return this.draw();
    }
    this.series.misses.value++;
    const socket = new UdpSocket(this.target, this);
    this.sockets.push(socket);
    this.alive.add(socket);
    return socket;
  }

  private draw(): UdpSocket {
    const { channels, ids } = this.target;
    let { drawn } = this;
    if (drawn === undefined || drawn.isRetired || this.drawnFor === 0 || this.drawnTurn !== channels.turn) {
      drawn = this.sockets[ids.below(this.sockets.length)];
      this.drawn = drawn;
      this.drawnFor = channels.group;
      this.drawnTurn = channels.turn;
    }
    this.drawnFor--;
    return drawn;
  }
}
