/**
 * The UDP sockets of one upstream. As long as there are fewer than wanted, each query opens one more; so ports are many, change all the
 * time, and an upstream that is seldom asked sees a new one every time. After that one of those that are open is drawn at random, for one
 * query, or for the few that come in the same turn of the event loop where those can share a system call.
 *
 * A shared draw gives a forger nothing: any one query is as likely on each port as with a draw of its own, its id is drawn for it alone,
 * and a forged reply has to repeat the question of the one query that it is for.
 *
 * Behind a service address connection tracking ties each port to one instance, for as long as datagrams go there, and also when the
 * instance is gone. So a socket that is of no use is left, and its queries go out from a new port, which leads to another instance:
 *
 *     a socket falls silent ───────────► its queries are asked on a new one too; whichever answers first counts
 *     a socket's datagrams are refused ► the same; then once more a little later, where nobody else could be asked
 *
 * A new socket on which nothing comes is left only when others were answered meanwhile: else it is the upstream that is silent. A query is
 * asked three times at most (RFC 9520 section 3.2), and what silence makes asked twice is bounded to a share of what is asked. For a forger
 * it is three guesses in place of one at most, each of a port and an id of its own, and only where no answer came for 0.3 s.
 */
import { ExchangeError, closedError } from './exchange-error.ts';
import { MoveBudget } from './move-budget.ts';
import type { Holder, PendingQuery } from './pending-query.ts';
import type { RoundTrip } from './round-trip.ts';
import { hostPort } from './settings.ts';
import { LOOK_INTERVAL_MS, silentLooks } from './silence.ts';
import { UdpSocket } from './udp-socket.ts';
import type { UdpSocketOwner, UdpTarget } from './udp-socket.ts';
import type { StreamSeries } from './upstream-metrics.ts';

/** Sockets that take queries at a time. */
const WANTED_SOCKETS = 64;
/** Those and the retired ones: with more no socket is left for its silence. */
const MAX_ALIVE = 192;
/** Queries on the way at a time; beyond it they are turned down. */
const MAX_OUTSTANDING = 4096;
/** Refusals after which a query is asked again. */
const MAX_REFUSALS = 2;
/** What may be asked twice at once: a socket carries hundreds, and a third of all may be on those that lead to one instance. */
const MOST_MOVES = 512;

export interface UdpPoolTarget extends UdpTarget {
  /** How long answers take. */
  readonly roundTrip: RoundTrip;
  /** Whether an upstream that was there a moment ago is waited for, since nobody else could be asked. */
  readonly waitsForReturn: boolean;
}

export interface UdpPoolOwner {
  /** A datagram came that matches no query. */
  mismatched(): void;
  /** A query goes out once more. */
  askedAgain(): void;
}

export class UdpPool implements UdpSocketOwner, Holder {
  private readonly target: UdpPoolTarget;
  private readonly series: StreamSeries;
  private readonly owner: UdpPoolOwner;
  /** Those that take queries. */
  private readonly sockets: UdpSocket[] = [];
  /** Those and the retired ones that wait for their last reply. */
  private readonly alive = new Set<UdpSocket>();
  private outstanding = 0;
  /** The socket that was drawn last, for how many more queries, and in which turn. */
  private drawn: UdpSocket | undefined;
  private drawnFor = 0;
  private drawnTurn = 0;
  /** The socket on which a reply came last, and at which look. */
  private heardOn: UdpSocket | undefined;
  private heardLook = 0;
  /** The last socket opened for a refused query, and at which look. */
  private fresh: UdpSocket | undefined;
  private freshLook = 0;
  /** Refused queries that go out again at the next look. */
  private readonly refused = new Set<PendingQuery>();
  private readonly moves = new MoveBudget(MOST_MOVES);
  /** Something came since a query was last given up as refused. */
  private wasThere = false;
  private looks = 0;
  private lookTimer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(target: UdpPoolTarget, series: StreamSeries, owner: UdpPoolOwner) {
    this.target = target;
    this.series = series;
    this.owner = owner;
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
    this.stopLooking();
    for (const socket of this.alive) socket.close();
    for (const query of this.refused) query.reject(closedError());
    this.refused.clear();
  }

  expire(query: PendingQuery): string {
    this.refused.delete(query);
    return this.dialling;
  }

  mismatched(): void {
    this.owner.mismatched();
  }

  heard(socket: UdpSocket): void {
    this.wasThere = true;
    this.heardOn = socket;
    this.heardLook = this.looks;
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

  renew(query: PendingQuery): boolean {
    if (this.isClosed || !this.wasThere) return false;
    query.noteDeath();
    if (query.deaths > MAX_REFUSALS) {
      // It is not a matter of one instance: nobody else is to wait for this upstream.
      this.wasThere = false;
      return false;
    }
    if (!query.maySend) return false;
    if (query.deaths === 1) {
      this.move(query, this.socketAfterRefusal());
    } else if (this.target.waitsForReturn) {
      query.holder = this;
      this.refused.add(query);
    } else {
      return false;
    }
    return true;
  }

  silent(socket: UdpSocket, queries: readonly PendingQuery[]): void {
    const { answers } = this.target.roundTrip;
    if (this.isClosed || this.alive.size >= MAX_ALIVE) return;
    const movable = queries.filter((query) => query.mayMove(answers));
    if (movable.length === 0) return;
    if (!socket.isRetired) this.series.silences.value++;
    socket.retire();
    let next: UdpSocket | undefined;
    for (const query of movable) {
      if (!this.moves.spend()) return;
      if (next === undefined || next.isRetired) next = this.heardSocket() ?? this.open();
      this.move(query, next);
    }
  }

  private get dialling(): string {
    return `dial udp ${hostPort(this.target.host, this.target.port)}`;
  }

  private send(query: PendingQuery): void {
    if (this.isClosed) return query.rejectSoon(closedError());
    if (this.outstanding > MAX_OUTSTANDING) {
      return query.rejectSoon(new ExchangeError('busy', `${this.dialling}: too many queries are waiting`));
    }
    this.moves.earn();
    this.lookTimer ??= setInterval(() => this.look(), LOOK_INTERVAL_MS).unref();
    const socket = this.socketForNext();
    if (!socket.hasAnswered) query.answersBefore = this.target.roundTrip.answers;
    socket.ask(query);
  }

  private move(query: PendingQuery, socket: UdpSocket): void {
    query.noteMove(this.target.roundTrip.answers);
    this.series.moves.value++;
    this.owner.askedAgain();
    socket.ask(query);
  }

  private look(): void {
    this.looks++;
    const refused = [...this.refused];
    this.refused.clear();
    for (const query of refused) this.move(query, this.socketAfterRefusal());
    const most = silentLooks(this.target.roundTrip);
    let isBusy = this.refused.size > 0;
    for (const socket of this.alive) {
      socket.look(most);
      isBusy ||= socket.isBusy;
    }
    if (!isBusy) this.stopLooking();
  }

  private stopLooking(): void {
    clearInterval(this.lookTimer);
    this.lookTimer = undefined;
    // Looks are what time is told by, and there are none for a while.
    this.heardOn = undefined;
  }

  private socketAfterRefusal(): UdpSocket {
    return this.heardSocket() ?? this.freshSocket();
  }

  /**
   * One on which a reply has come just now. Behind a service address every port leads to one instance for good: this one's lives, while a
   * new port may lead to the same that is gone.
   */
  private heardSocket(): UdpSocket | undefined {
    const { heardOn } = this;
    const isNew = this.looks - this.heardLook <= 1;
    return isNew && heardOn?.isOpen === true && !heardOn.isRetired ? heardOn : undefined;
  }

  /** A new one; one for all that are refused between two looks. */
  private freshSocket(): UdpSocket {
    if (this.fresh === undefined || this.fresh.isRetired || this.freshLook !== this.looks) {
      this.fresh = this.open();
      this.freshLook = this.looks;
    }
    return this.fresh;
  }

  private socketForNext(): UdpSocket {
    if (this.sockets.length >= WANTED_SOCKETS) {
      this.series.hits.value++;
      return this.draw();
    }
    this.series.misses.value++;
    return this.open();
  }

  private open(): UdpSocket {
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
