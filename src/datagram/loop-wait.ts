/**
 * Waits for the next datagram of a socket within the callback of the one before. A datagram that comes alone costs Node a whole turn of its
 * event loop: two `epoll_pwait`, since it wants to know how long it is idle, every phase of the loop, and the way from C++ into JavaScript
 * and back. Where datagrams follow one another and nothing else is to be done, one `epoll_wait` does.
 *
 * Whatever else the loop is there for ends the wait: it is also for libuv's own epoll descriptor, in which the socket is switched off for so
 * long, and for a timer that expires with libuv's next one (`loop-epoll.ts`).
 *
 *     libuv's loop ─► callback of the socket ─► read ─► wait ─┬─ datagram ──────► read, unless that left work to the loop ─► wait …
 *                                                             └─ anything else ─► socket on again, back to the loop
 */
import { DATAGRAM } from './loop-epoll.ts';
import type { LoopEpoll } from './loop-epoll.ts';

/**
 * Longest stay, in milliseconds: so long waits at most what nobody is woken for, such as a promise that an answer from the cache would leave
 * to be continued. At 300 datagrams a second 50 are worth 15 reads, which makes an answer a third cheaper; 10 are not worth it.
 */
const MOST_MS = 50;
/** A timer so soon is not worth a stay, and one that is set while it lasts may come so late. */
const SOON_MS = 3;
/** Reads of one stay: after so many, switching the socket off and on again is a small part of the cost. */
const MOST_READS = 128;
/** With fewer reads a stay costs more than it saves. */
const WORTHWHILE_READS = 8;
/** Callbacks without a stay after one that was not worth it, or that the system did not allow: doubled each time, up to these. */
const MOST_SKIPPED = 63;
/** The loop's time, by which timers are set, is at most so old when something is read. */
const STALE_MS = 1;

export class LoopWait {
  private readonly epoll: LoopEpoll;
  private readonly fd: number;
  private isOver = false;
  private skipped = 0;
  private toSkip = 0;

  /**
   * @param epoll of the loop, for all of its sockets.
   * @param fd a socket that libuv polls for being readable.
   */
  constructor(epoll: LoopEpoll, fd: number) {
    this.epoll = epoll;
    this.fd = fd;
  }

  /**
   * To be called at the end of the callback in which libuv says that the socket is readable. Returns when anything else is to be done.
   *
   * @param read reads what has come. @returns whether to wait for more.
   * @throws Error what `read` throws, or with the system's `code` where the socket could not be switched on again.
   */
  wait(read: () => boolean): void {
    if (this.toSkip > 0) {
      this.toSkip--;
      return;
    }
    const { calls } = this.epoll;
    // Such as answers that another callback of this turn has brought.
    if (this.isOver || calls.continuations.areDue) return;
    calls.updateTime();
    const leftMs = calls.timeoutMs();
    if (leftMs >= 0 && leftMs <= SOON_MS) return;
    let reads = 0;
    if (this.epoll.lend(this.fd, leftMs < 0 ? MOST_MS : Math.min(leftMs, MOST_MS))) {
      try {
        reads = this.stay(read, leftMs);
      } finally {
        this.end();
      }
    }
    this.skipped = reads < WORTHWHILE_READS ? Math.min(MOST_SKIPPED, this.skipped * 2 + 1) : 0;
    this.toSkip = this.skipped;
  }

  /** To be called before the socket is closed, or polled no longer. */
  close(): void {
    this.isOver = true;
    this.epoll.forget(this.fd);
  }

  /** @returns how often something was read. */
  private stay(read: () => boolean, leftMs: number): number {
    const { epoll } = this;
    const { calls } = epoll;
    let updatedMs = performance.now();
    const timerMs = leftMs < 0 ? Infinity : updatedMs + leftMs;
    for (let reads = 1; ; reads++) {
      const found = epoll.wait();
      if ((found & DATAGRAM) === 0) return reads - 1;
      const nowMs = performance.now();
      if (nowMs - updatedMs >= STALE_MS) {
        calls.updateTime();
        updatedMs = nowMs;
      }
      if (!read() || this.isOver || found !== DATAGRAM || reads === MOST_READS) return reads;
      // An immediate, or a timer before the one that ends this stay.
      const nextMs = calls.timeoutMs();
      if (nextMs >= 0 && updatedMs + nextMs < timerMs - SOON_MS) return reads;
    }
  }

  private end(): void {
    this.epoll.calls.updateTime();
    if (!this.isOver) this.epoll.giveBack(this.fd);
  }
}
