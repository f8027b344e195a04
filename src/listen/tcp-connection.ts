/**
 * One client's TCP connection. Three clocks run: a message that has begun must be complete within `MESSAGE_MS` of its first octet,
 * however slowly the octets come; a connection without a query under way is closed after `IDLE_MS`; a client that does not read its
 * answers is closed after `STALLED_MS`. Reading stops while too many queries are in flight or too many octets wait to be sent, so memory
 * is bounded whatever the client does.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { DROP } from '../chain/outcome.ts';
import type { Outcome } from '../chain/outcome.ts';
import { Query } from '../chain/query.ts';
import { render, renderedOctets } from '../chain/render.ts';
import { FrameReader } from '../wire/frames.ts';
import { HEADER_OCTETS, writeUint16 } from '../wire/header.ts';
import { ACCEPTED, DROPPED, MAX_REFUSAL_OCTETS, accept, stamp, writeRefusal } from './accept.ts';
import type { ListenCounters } from './counters.ts';
import type { Endpoint } from './listener.ts';

/** From connect to first complete message, and from first to last octet of each, in milliseconds. CoreDNS: 3 s. */
export const MESSAGE_MS = 3_000;
/** Without a query under way (RFC 7766 section 6.2.3: in the order of seconds). CoreDNS: 10 s. */
export const IDLE_MS = 10_000;
/** With answers of which the client takes none. */
export const STALLED_MS = 5_000;
/** Queries under way on one connection. */
export const MAX_IN_FLIGHT = 64;
/** Octets of answers waiting to be sent on one connection, beyond which no more queries are read. */
const MAX_UNSENT_OCTETS = 256 * 1024;
/** Messages answered in one go before others get their turn: a chunk of 64 KiB may hold 3,400 of them. */
const MESSAGES_PER_TURN = 100;

export interface TcpConnectionOwner {
  readonly clock: Clock;
  readonly counters: ListenCounters;
  readonly localAddress: string;
  readonly localPort: number;
  endpoint(): Endpoint;
  onQuery(): void;
  onClose(): void;
}

export class TcpConnection {
  inFlight = 0;
  private readonly socket: Socket;
  private readonly owner: TcpConnectionOwner;
  private readonly frames = new FrameReader();
  private spare = new Query();
  private deadlineMs: number;
  private stalledSinceMs = 0;
  private ended = false;
  private closed = false;
  private turnPending = false;
  /** An answer has left: the client reads, however slowly. */
  private readonly sent = (): void => {
    this.stalledSinceMs = 0;
  };

  constructor(socket: Socket, owner: TcpConnectionOwner) {
    this.socket = socket;
    this.owner = owner;
    this.deadlineMs = owner.clock.nowMs() + MESSAGE_MS;
    socket.on('data', (chunk: Buffer) => {
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
      owner.onClose();
    });
  }

  /** Answers are due, or wait to be sent. */
  get isBusy(): boolean {
    return !this.closed && (this.inFlight > 0 || this.socket.writableLength > 0);
  }

  /** Sends what is there and closes our side. */
  finish(): void {
    if (!this.closed) this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Closes the connection when the time of what it is doing is over. */
  checkDeadline(nowMs: number): void {
    if (this.socket.writableLength > 0) {
      if (this.stalledSinceMs === 0) this.stalledSinceMs = nowMs;
      if (nowMs - this.stalledSinceMs >= STALLED_MS) this.destroy();
      return;
    }
    this.stalledSinceMs = 0;
    if (this.inFlight === 0 && nowMs >= this.deadlineMs) this.destroy();
  }

  private get saturated(): boolean {
    return this.inFlight >= MAX_IN_FLIGHT || this.socket.writableLength > MAX_UNSENT_OCTETS;
  }

  /** Serves the messages that are there, a bounded number in one go. */
  private readOn(): void {
    if (this.turnPending || this.closed) return;
    for (let served = 0; !this.saturated; served++) {
      if (served === MESSAGES_PER_TURN) {
        this.turnPending = true;
        this.deadlineMs = this.owner.clock.nowMs() + IDLE_MS;
        this.socket.pause();
        setImmediate(() => {
          this.turnPending = false;
          this.readOn();
        });
        return;
      }
      const wasMidMessage = this.frames.midMessage;
      const message = this.frames.next();
      if (message === undefined) {
        this.setDeadline(wasMidMessage, served > 0);
        if (this.ended) this.finishIfDone();
        else this.socket.resume();
        return;
      }
      this.take(message);
    }
    this.socket.pause();
  }

  /** A message's time runs from its first octet; a new octet of the same message does not prolong it. */
  private setDeadline(wasMidMessage: boolean, served: boolean): void {
    const nowMs = this.owner.clock.nowMs();
    if (this.frames.midMessage) {
      if (!wasMidMessage || served) this.deadlineMs = nowMs + MESSAGE_MS;
    } else if (served) {
      this.deadlineMs = nowMs + IDLE_MS;
    }
  }

  /** The network's way in: nothing is thrown from here. */
  private take(message: Uint8Array): void {
    this.owner.onQuery();
    try {
      this.answer(message);
    } catch (error) {
      this.owner.counters.bug(error);
    }
  }

  private answer(message: Uint8Array): void {
    const { owner, socket } = this;
    const query = this.spare;
    if (message.length < HEADER_OCTETS) {
      owner.counters.dropped.value++;
      return;
    }
    const accepted = accept(query, message, message.length);
    if (accepted === DROPPED) {
      owner.counters.dropped.value++;
      return;
    }
    const endpoint = owner.endpoint();
    query.transport = 'tcp';
    query.replyLimit = endpoint.udpPayload;
    if (accepted !== ACCEPTED) {
      owner.counters.refused.value++;
      const out = Buffer.allocUnsafe(2 + MAX_REFUSAL_OCTETS);
      this.send(out, writeRefusal(query, out.subarray(2)));
      return;
    }
    query.clientAddress = socket.remoteAddress ?? '';
    query.clientPort = socket.remotePort ?? 0;
    stamp(query, endpoint, owner.localAddress, owner.localPort, owner.clock.nowMs());
    const pending = endpoint.handler.ask(query);
    if (!(pending instanceof Promise)) {
      this.reply(query, pending);
      return;
    }
    this.spare = new Query();
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
    if (this.inFlight === 0 && !this.frames.midMessage) {
      this.deadlineMs = this.owner.clock.nowMs() + IDLE_MS;
    }
    this.readOn();
  }

  private reply(query: Query, outcome: Outcome): void {
    if (outcome.kind === DROP || this.closed) return;
    const out = Buffer.allocUnsafe(2 + renderedOctets(query, outcome));
    this.send(out, render(query, outcome, out.subarray(2)));
  }

  /** Length and message leave in one write (RFC 7766 section 8). */
  private send(out: Buffer, length: number): void {
    writeUint16(out, 0, length);
    if (!this.closed && this.socket.writable) this.socket.write(out.subarray(0, 2 + length), this.sent);
  }

  private finishIfDone(): void {
    if (this.ended && this.inFlight === 0) this.socket.end();
  }
}
