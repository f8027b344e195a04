/**
 * One client's TCP connection. Three clocks run: a message that has begun must be complete within some time of its first octet, however
 * slowly the octets come; a connection without a query under way is closed after a while, and so is that of a client which does not read
 * its answers (`tcp-limits.ts`). Reading stops while too many queries are in flight or too many octets wait to be sent, so memory
 * is bounded whatever the client does.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { DROP } from '../chain/outcome.ts';
import type { Outcome } from '../chain/outcome.ts';
import { Query } from '../chain/query.ts';
import { render, renderedOctets } from '../chain/render.ts';
import { FrameReader } from '../wire/frames.ts';
import { HEADER_OCTETS } from '../wire/header.ts';
import { ACCEPTED, DROPPED, MAX_REFUSAL_OCTETS, accept, stamp, writeRefusal } from './accept.ts';
import type { ListenCounters } from './counters.ts';
import type { Endpoint } from './listener.ts';
import { DEFAULT_TCP_LIMITS } from './tcp-limits.ts';
import type { TcpLimits } from './tcp-limits.ts';
import type { TcpOutbox } from './tcp-outbox.ts';
import type { Turns, Waiting } from './turns.ts';
import type { ClientConnection } from './client-connections.ts';

/** Queries under way on one connection. */
export const MAX_IN_FLIGHT = 64;
/** Octets of answers waiting to be sent on one connection, beyond which no more queries are read. */
const MAX_UNSENT_OCTETS = 256 * 1024;

/** How long a client that has just come may take to ask, where the listener waits for what is under way before it closes. */
export const FIRST_QUERY_MS = 200;

/** The listener, as its connections see it. */
export interface TcpConnectionOwner {
  readonly clock: Clock;
  readonly counters: ListenCounters;
  readonly address: string;
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly outbox: TcpOutbox;
  readonly turns: Turns;
  /** Serves the next query, whichever connection it comes from. Who keeps one puts another in its place. */
  spareQuery: Query;
  onQuery(): void;
  /** A connection holds so many octets more than before, or less. */
  onHeld(octets: number): void;
  onClose(connection: TcpConnection): void;
}

export class TcpConnection implements Waiting, ClientConnection {
  inFlight = 0;
  readonly client: string;
  activeMs: number;
  heldOctets = 0;
  private readonly socket: Socket;
  private readonly owner: TcpConnectionOwner;
  private readonly frames = new FrameReader();
  private readonly clientPort: number;
  private readonly sinceMs: number;
  private deadlineMs: number;
  private stalledSinceMs = 0;
  private ended = false;
  private closed = false;
  private inLine = false;
  /** Messages that it brought. */
  private taken = 0;
  /** An answer has left: the client reads, however slowly. */
  private readonly sent = (): void => {
    this.stalledSinceMs = 0;
    this.tellHeld();
  };

  constructor(socket: Socket, owner: TcpConnectionOwner) {
    this.socket = socket;
    this.owner = owner;
    // The socket asks the system for its peer, so it is asked once.
    this.client = socket.remoteAddress ?? '';
    this.clientPort = socket.remotePort ?? 0;
    this.activeMs = owner.clock.nowMs();
    this.sinceMs = this.activeMs;
    this.deadlineMs = this.activeMs + this.limits.messageMs;
    socket.on('data', (chunk: Buffer) => {
      // Taken from the kernel and thrown away: closing with octets unread would reset the connection under the last answers.
      if (this.isSpent) return;
      this.frames.push(chunk);
      this.readOn();
    });
    socket.on('drain', () => this.readOn());
    socket.on('end', () => {
      this.ended = true;
      // Not the end of our side: messages may be left of what was read before.
      this.readOn();
    });
    socket.on('error', () => this.destroy());
    socket.on('close', () => {
      this.closed = true;
      this.letGo();
      owner.onClose(this);
    });
  }

  /** Answers are due, or wait to be sent. */
  get isBusy(): boolean {
    return !this.closed && (this.inFlight > 0 || this.socket.writableLength > 0);
  }

  /** It has come a moment ago, and its first question is on the way. */
  get isExpected(): boolean {
    if (this.closed || this.ended || this.taken > 0) return false;
    return this.owner.clock.nowMs() - this.sinceMs < FIRST_QUERY_MS;
  }

  /** Serves on: its turn has come. */
  goOn(): void {
    this.inLine = false;
    this.readOn();
  }

  /** Sends what is there and closes our side. */
  finish(): void {
    if (!this.closed) this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
    this.letGo();
  }

  /** Closes the connection when the time of what it is doing is over. @returns whether it did. */
  checkDeadline(nowMs: number): boolean {
    if (this.socket.destroyed || !this.isOverdue(nowMs)) return false;
    this.destroy();
    return true;
  }

  private isOverdue(nowMs: number): boolean {
    if (this.socket.writableLength > 0) {
      if (this.stalledSinceMs === 0) this.stalledSinceMs = nowMs;
      return nowMs - this.stalledSinceMs >= this.limits.stalledMs;
    }
    this.stalledSinceMs = 0;
    return this.inFlight === 0 && !this.inLine && nowMs >= this.deadlineMs;
  }

  /** Those of the configuration that serves now. */
  private get limits(): TcpLimits {
    return this.owner.endpoint.tcpLimits ?? DEFAULT_TCP_LIMITS;
  }

  /** It has brought as many queries as it may. */
  private get isSpent(): boolean {
    return this.taken >= this.limits.maxQueries;
  }

  private get saturated(): boolean {
    return this.inFlight >= MAX_IN_FLIGHT || this.socket.writableLength > MAX_UNSENT_OCTETS;
  }

  /** Serves the messages that are there, as far as this turn allows, and sends the answers that were ready. */
  private readOn(): void {
    if (this.inLine || this.closed) return;
    const { turns, outbox } = this.owner;
    const wasMidMessage = this.frames.midMessage;
    let served = false;
    let turnIsOver = false;
    while (!this.saturated && !this.isSpent) {
      // Asked before the message is cut off: one that nobody takes would be lost.
      if (this.frames.hasMore && !turns.take()) {
        turnIsOver = true;
        break;
      }
      const message = this.frames.next();
      if (message === undefined) break;
      this.take(message);
      served = true;
    }
    outbox.flush(this.socket, this.sent);
    this.tellHeld();
    if (this.isSpent) this.closeWhenAnswered();
    else if (turnIsOver) this.getInLine();
    else this.goOnReading(wasMidMessage, served);
  }

  private goOnReading(wasMidMessage: boolean, served: boolean): void {
    this.setDeadline(wasMidMessage, served);
    if (this.saturated) this.socket.pause();
    else if (this.ended) this.finishIfDone();
    else this.socket.resume();
  }

  /** Our side is closed behind the last answer; the client has some time to close its own. */
  private closeWhenAnswered(): void {
    this.socket.resume();
    if (this.inFlight > 0) return;
    this.deadlineMs = this.owner.clock.nowMs() + this.limits.idleMs;
    if (this.ended) this.finishIfDone();
    else this.finish();
  }

  /** Others first. Who waits for its turn is not late (see `isOverdue`), and gets no more time for a message that has begun. */
  private getInLine(): void {
    this.inLine = true;
    this.socket.pause();
    this.owner.turns.wait(this);
  }

  /** A message's time runs from its first octet; a new octet of the same message does not prolong it. */
  private setDeadline(wasMidMessage: boolean, served: boolean): void {
    const nowMs = this.owner.clock.nowMs();
    if (this.frames.midMessage) {
      if (!wasMidMessage || served) this.deadlineMs = nowMs + this.limits.messageMs;
    } else if (served) {
      this.deadlineMs = nowMs + this.limits.idleMs;
    }
  }

  /** The network's way in: nothing is thrown from here. */
  private take(message: Uint8Array): void {
    this.taken++;
    this.owner.onQuery();
    try {
      this.answer(message);
    } catch (error) {
      this.owner.counters.bug(error);
    }
  }

  private answer(message: Uint8Array): void {
    const { owner } = this;
    const { counters, endpoint } = owner;
    const query = owner.spareQuery;
    const accepted = message.length < HEADER_OCTETS ? DROPPED : accept(query, message, message.length);
    if (accepted === DROPPED) {
      counters.dropped.value++;
      return;
    }
    query.transport = 'tcp';
    query.replyLimit = endpoint.udpPayload;
    if (accepted !== ACCEPTED) {
      counters.refused.value++;
      owner.outbox.put(writeRefusal(query, this.room(MAX_REFUSAL_OCTETS)));
      return;
    }
    this.activeMs = owner.clock.nowMs();
    query.clientAddress = this.client;
    query.clientPort = this.clientPort;
    stamp(query, endpoint, owner.address, owner.port, this.activeMs);
    const pending = endpoint.handler.ask(query);
    if (!(pending instanceof Promise)) {
      this.reply(query, pending);
      return;
    }
    // Its octets stay valid: they are the chunk's, or the frame reader's copy.
    owner.spareQuery = new Query();
    this.inFlight++;
    void pending.then((outcome) => this.replyLater(query, outcome));
  }

  private replyLater(query: Query, outcome: Outcome): void {
    this.inFlight--;
    try {
      this.reply(query, outcome);
    } catch (error) {
      this.owner.counters.bug(error);
    }
    this.owner.outbox.flush(this.socket, this.sent);
    if (this.inFlight === 0 && !this.frames.midMessage) {
      this.deadlineMs = this.owner.clock.nowMs() + this.limits.idleMs;
    }
    this.readOn();
  }

  private reply(query: Query, outcome: Outcome): void {
    if (outcome.kind === DROP || this.closed) return;
    this.owner.outbox.put(render(query, outcome, this.room(renderedOctets(query, outcome))));
  }

  private room(octets: number): Uint8Array {
    return this.owner.outbox.room(octets, this.socket, this.sent);
  }

  /** Says how much memory it takes, where that has changed. */
  private tellHeld(): void {
    if (this.socket.destroyed) return;
    const octets = this.frames.heldOctets + this.socket.writableLength;
    const more = octets - this.heldOctets;
    this.heldOctets = octets;
    if (more !== 0) this.owner.onHeld(more);
  }

  private letGo(): void {
    const { heldOctets } = this;
    this.heldOctets = 0;
    if (heldOctets > 0) this.owner.onHeld(-heldOctets);
  }

  private finishIfDone(): void {
    if (!this.ended || this.inFlight > 0) return;
    // What the kernel has it sends by itself, then FIN: nothing to shut down first.
    if (this.socket.writableLength === 0) this.destroy();
    else this.finish();
  }
}
