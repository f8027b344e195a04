/**
 * Stands in for the event loop with an io_uring (`ring.ts`): a datagram is received, its answer sent and the next one waited for by one system
 * call, where an epoll descriptor takes three. What is waited for beside it: libuv's own epoll descriptor, in which the socket is switched
 * off, and a timeout.
 *
 * Nothing is out beyond a stay, and a datagram is received only while we wait: whoever closes a socket or gives it to others finds it as if
 * there were no ring.
 */
import { EPOLLIN, EPOLL_CTL_MOD, EpollChange, NOT_EVEN_READABLE } from './epoll-change.ts';
import type { Libc } from './libc.ts';
import type { LoopCalls } from './loop-calls.ts';
import { Ring } from './ring.ts';
import type { RingCalls } from './ring-calls.ts';
import { DATAGRAM, ELSE, TIME_OVER } from './stand-in.ts';
import type { Arrival, DatagramReader, StandIn } from './stand-in.ts';
import { systemError } from './system-error.ts';

/** Entries of the ring, and what they ask for: IORING_OP_*. */
const RECEIVE = 0;
const SEND = 1;
const LOOP = 2;
const TIMEOUT = 3;
const CANCEL = 4;
const OP_POLL_ADD = 6;
const OP_SENDMSG = 9;
const OP_RECVMSG = 10;
const OP_TIMEOUT = 11;
const OP_ASYNC_CANCEL = 14;
/** No completion where it worked. */
const CQE_SKIP_SUCCESS = 1 << 6;
const CANCEL_ALL_OF_ANY = 1 | (1 << 2);
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const ETIME = 62;
const ECANCELED = 125;
/** Said where the system had no room to make what was laid down. */
const ENOMEM = 12;

/** What does not end after so many is given up. */
const MOST_TRIES = 100;

const NANOSECONDS_PER_MS = 1_000_000;
/** Of a `__kernel_timespec`, in words: seconds and nanoseconds, of 64 bits each. */
const TIMESPEC_WORDS = 4;
const NANOSECONDS_WORD = 2;

/** What it takes of the C library. */
export type LoopRingLibc = Pick<Libc, 'addressOf' | 'errno'>;

export class LoopRing implements StandIn, Arrival {
  readonly calls: LoopCalls;
  readonly arrival: Arrival = this;
  octets = 0;
  private readonly libc: LoopRingLibc;
  private readonly ringCalls: RingCalls;
  private readonly sendFailed: (errno: number) => void;
  private readonly change: EpollChange;
  /** C reads this when a timeout is submitted. */
  private readonly timespec = new Uint32Array(TIMESPEC_WORDS);
  private ring: Ring | undefined;
  private reader: DatagramReader | undefined;
  /** Entries that are out, a bit for each. */
  private out = 0;
  private found = 0;
  private isSending = false;

  /**
   * @param sendFailed is told why the system refused a datagram.
   * @returns undefined where the system gives us no ring.
   */
  static open(
    libc: LoopRingLibc,
    calls: LoopCalls,
    ringCalls: RingCalls,
    sendFailed: (errno: number) => void,
  ): LoopRing | undefined {
    const ring = new LoopRing(libc, calls, ringCalls, sendFailed);
    return ring.hasRing() ? ring : undefined;
  }

  private constructor(
    libc: LoopRingLibc,
    calls: LoopCalls,
    ringCalls: RingCalls,
    sendFailed: (errno: number) => void,
  ) {
    this.libc = libc;
    this.calls = calls;
    this.ringCalls = ringCalls;
    this.sendFailed = sendFailed;
    this.change = new EpollChange(libc, calls);
  }

  lend(reader: DatagramReader, mostMs: number): boolean {
    if (!this.hasRing()) return false;
    if (!this.change.make(this.calls.backendFd, EPOLL_CTL_MOD, reader.fd, NOT_EVEN_READABLE)) return false;
    this.reader = reader;
    this.ring?.setFd(RECEIVE, reader.fd);
    this.ring?.setAddress(RECEIVE, reader.message);
    this.submit(LOOP);
    return this.extend(mostMs);
  }

  extend(mostMs: number): boolean {
    this.timespec[NANOSECONDS_WORD] = mostMs * NANOSECONDS_PER_MS;
    this.submit(TIMEOUT);
    return true;
  }

  wait(): number {
    this.found = 0;
    // It still is where something else was found.
    if (!this.isOut(RECEIVE)) {
      this.reader?.makeRoom();
      this.submit(RECEIVE);
    }
    this.enter(1);
    return this.found;
  }

  send(fd: number, message: number): void {
    const { ring } = this;
    if (ring === undefined) {
      this.sendFailed(ENOMEM);
      return;
    }
    ring.setFd(SEND, fd);
    ring.setAddress(SEND, message);
    ring.submit(SEND);
    this.isSending = true;
  }

  stop(): boolean {
    this.found = 0;
    if (this.out !== 0) this.submit(CANCEL);
    else if (!this.isSending) return false;
    this.enter(bits(this.out));
    // A signal may come first.
    for (let tries = 0; this.out !== 0; tries++) {
      if (tries < MOST_TRIES) this.enter(bits(this.out));
      else this.fail();
    }
    return (this.found & DATAGRAM) !== 0;
  }

  giveBack(fd: number): void {
    this.reader = undefined;
    if (this.change.make(this.calls.backendFd, EPOLL_CTL_MOD, fd, EPOLLIN)) return;
    throw systemError(this.libc.errno(), 'epoll_ctl');
  }

  forget(): void {
    // It knows of a socket only while it waits for it.
  }

  /** What is lent afterwards opens another. */
  close(): void {
    this.ring?.close();
    this.ring = undefined;
    this.out = 0;
    this.isSending = false;
  }

  private hasRing(): boolean {
    this.ring ??= this.openRing();
    return this.ring !== undefined;
  }

  private openRing(): Ring | undefined {
    const ring = Ring.open(this.ringCalls);
    ring?.layOut(RECEIVE, { code: OP_RECVMSG, length: 1 });
    ring?.layOut(SEND, {
      code: OP_SENDMSG,
      length: 1,
      flags: CQE_SKIP_SUCCESS,
      operationFlags: MSG_DONTWAIT,
    });
    ring?.layOut(LOOP, { code: OP_POLL_ADD, fd: this.calls.backendFd, operationFlags: POLLIN });
    const address = this.libc.addressOf(new Uint8Array(this.timespec.buffer));
    ring?.layOut(TIMEOUT, { code: OP_TIMEOUT, fd: -1, address, length: 1 });
    ring?.layOut(CANCEL, { code: OP_ASYNC_CANCEL, fd: -1, operationFlags: CANCEL_ALL_OF_ANY });
    return ring;
  }

  private isOut(entry: number): boolean {
    return (this.out & (1 << entry)) !== 0;
  }

  private submit(entry: number): void {
    this.ring?.submit(entry);
    this.out |= 1 << entry;
  }

  private enter(least: number): void {
    const { ring } = this;
    if (ring === undefined) return;
    const isMade = ring.enter(least);
    while (ring.next()) this.completed(ring.entry, ring.result);
    if (!isMade) this.fail();
    this.isSending = false;
  }

  private completed(entry: number, result: number): void {
    this.out &= ~(1 << entry);
    if (entry === RECEIVE && result >= 0) {
      this.octets = result;
      this.found |= DATAGRAM;
    } else if (entry === SEND) this.sendFailed(-result);
    else if (entry === TIMEOUT && result === -ETIME) this.found |= TIME_OVER;
    // An error of the socket is for those who read it from the loop.
    else if (result !== -ECANCELED) this.found |= ELSE;
  }

  /** What is out cannot be ended otherwise. The next stay has another ring. */
  private fail(): void {
    if (this.isSending) this.sendFailed(ENOMEM);
    this.close();
    this.found |= ELSE;
  }
}

function bits(of: number): number {
  let count = 0;
  for (let left = of; left !== 0; left &= left - 1) count++;
  return count;
}
