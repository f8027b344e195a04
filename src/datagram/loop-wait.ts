/**
 * Waits for the next datagram of a socket within the callback of the one before. A datagram that comes alone costs Node a whole turn of its
 * event loop: two `epoll_pwait`, since it wants to know how long it is idle, every phase of the loop, and the way from C++ into JavaScript
 * and back. Where datagrams follow one another and nothing else is to be done, one system call does (`loop-ring.ts`), or one `epoll_wait` more than
 * the datagram needs itself (`loop-epoll.ts`).
 *
 * Whatever else the loop is there for ends the wait: it is also for libuv's own epoll descriptor, in which the socket is switched off for so
 * long, and for a timer that expires with libuv's next one.
 *
 *     libuv's loop ─► callback of the socket ─► read ─► wait ─┬─ datagram ──────► read, unless that left work to the loop ─► wait …
 *                                                             └─ anything else ─► socket on again, back to the loop
 */
import { Seldom } from './seldom.ts';
import { DATAGRAM, TIME_OVER } from './stand-in.ts';
import type { DatagramReader, StandIn } from './stand-in.ts';

/**
 * After so many milliseconds of a stay it is looked whether the loop has something to do that nobody is woken for, and a stay is over after so many
 * looks. Its end costs a turn of the loop, with code that has fallen out of the processor's caches: 0.15 to 0.5 ms; a look costs a tenth.
 */
const LOOK_MS = 999;
const MOST_LOOKS = 10;
/** Longest stay with a Node that does not let us continue the promises that a read has left. */
const MOST_MS_WITHOUT_CONTINUING = 50;
/** While datagrams come, such promises are continued after so many milliseconds: to look for them after each read costs a tenth of an answer. */
const CONTINUE_MS = 50;
/** A timer so soon is not worth a stay, and one that is set while it lasts may come so late. */
const SOON_MS = 3;
/** With fewer reads, until it is looked again, a stay costs more than it saves. */
const WORTHWHILE_READS = 8;
/** Callbacks without a stay after one that was not worth it, or that the system did not allow: doubled each time, up to these. */
const MOST_SKIPPED = 63;
/** The loop's time, by which timers are set, is at most so old when something is read. */
const STALE_MS = 1;

export class LoopWait {
  private readonly standIn: StandIn;
  private readonly reader: DatagramReader;
  private readonly seldom = new Seldom(MOST_SKIPPED);
  private readonly lookMs: number;
  private isOver = false;
  private isTimeOver = false;

  /**
   * @param standIn of the loop, for all of its sockets.
   * @param lookMs milliseconds, below 1,000
   */
  constructor(standIn: StandIn, reader: DatagramReader, lookMs = LOOK_MS) {
    this.standIn = standIn;
    this.reader = reader;
    this.lookMs = standIn.calls.continueAll === undefined ? MOST_MS_WITHOUT_CONTINUING : lookMs;
  }

  /**
   * To be called at the end of the callback in which libuv says that the socket is readable. Returns when anything else is to be done.
   *
   * @throws Error what the reader throws, or with the system's `code` where the socket could not be switched on again.
   */
  wait(): void {
    if (!this.seldom.isDue()) return;
    const { calls } = this.standIn;
    // Such as answers that another callback of this turn has brought.
    if (calls.continuations.areDue) return;
    calls.continueAll?.();
    if (this.isOver) return;
    calls.updateTime();
    const leftMs = calls.timeoutMs();
    if (leftMs >= 0 && leftMs <= SOON_MS) return;
    let reads = 0;
    if (this.standIn.lend(this.reader, this.timeFor(leftMs))) {
      try {
        reads = this.stay(leftMs);
      } finally {
        this.end();
      }
    }
    this.seldom.wasWorthIt(reads >= WORTHWHILE_READS);
  }

  /** To be called before the socket is closed, or polled no longer. */
  close(): void {
    this.isOver = true;
    this.standIn.forget(this.reader.fd);
  }

  /** Until it is looked, or the loop's next timer is due. @param leftMs until then, below 0 where there is none */
  private timeFor(leftMs: number): number {
    return leftMs < 0 ? this.lookMs : Math.min(leftMs, this.lookMs);
  }

  /** @returns how often something was read. */
  private stay(untilTimerMs: number): number {
    let leftMs = untilTimerMs;
    let total = 0;
    for (let looks = 1; ; looks++) {
      const reads = this.waitAndRead(leftMs);
      total += reads;
      if (reads < WORTHWHILE_READS || looks === MOST_LOOKS || !this.isTimeOver) return total;
      leftMs = this.look();
      if (this.isOver || (leftMs >= 0 && leftMs <= SOON_MS)) return total;
      if (!this.standIn.extend(this.timeFor(leftMs))) return total;
    }
  }

  /** @returns milliseconds until the loop has something to do, below 0 where nothing is known. */
  private look(): number {
    const { calls } = this.standIn;
    calls.continueAll?.();
    calls.updateTime();
    return calls.timeoutMs();
  }

  /** Until the time is over, or the loop has something to do. @returns how often something was read. */
  private waitAndRead(leftMs: number): number {
    const { standIn, reader } = this;
    const { calls } = standIn;
    const { continueAll } = calls;
    let updatedMs = performance.now();
    let continuedMs = updatedMs;
    const timerMs = leftMs < 0 ? Infinity : updatedMs + leftMs;
    this.isTimeOver = false;
    for (let reads = 1; ; reads++) {
      const found = standIn.wait();
      this.isTimeOver = (found & ~DATAGRAM) === TIME_OVER;
      if ((found & DATAGRAM) === 0) return reads - 1;
      const nowMs = performance.now();
      if (nowMs - updatedMs >= STALE_MS) {
        calls.updateTime();
        updatedMs = nowMs;
      }
      const mayGoOn = reader.read(standIn.arrival);
      if (continueAll !== undefined && nowMs - continuedMs >= CONTINUE_MS) {
        continueAll();
        continuedMs = nowMs;
      }
      if (!mayGoOn || this.isOver) {
        this.isTimeOver = false;
        return reads;
      }
      if (found !== DATAGRAM) return reads;
      // An immediate, or a timer before the one that ends this stay.
      const nextMs = calls.timeoutMs();
      if (nextMs >= 0 && updatedMs + nextMs < timerMs - SOON_MS) return reads;
    }
  }

  private end(): void {
    const { standIn, reader } = this;
    standIn.calls.updateTime();
    try {
      while (standIn.stop()) reader.read(standIn.arrival);
    } finally {
      if (!this.isOver) standIn.giveBack(reader.fd);
    }
  }
}
