/**
 * Waits for the next datagram of a socket within the callback of the one before. A datagram that comes alone costs Node a whole turn of its
 * event loop: two `epoll_pwait`, since it wants to know how long it is idle, every phase of the loop, and the way from C++ into JavaScript
 * and back. Where datagrams follow one another and nothing else is to be done, one `epoll_wait` does.
 *
 * Whatever else the loop is there for ends the wait: it is also for libuv's own epoll descriptor, in which the socket is switched off for so
 * long, and for a timer that expires with libuv's next one.
 *
 *     libuv's loop ─► callback of the socket ─► read ─► wait ─┬─ datagram ──────► read, unless that left work to the loop ─► wait …
 *                                                             └─ anything else ─► socket on again, back to the loop
 */
import type { Libc } from './libc.ts';
import type { LoopCalls } from './loop-calls.ts';
import { systemError } from './system-error.ts';

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;

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
/** Callbacks without a stay after one that was not worth it: doubled each time, up to these. */
const MOST_SKIPPED = 63;
/** The loop's time, by which timers are set, is at most so old when something is read. */
const STALE_MS = 1;

/** `struct epoll_event`: 32 bits of events and 64 of data, packed on x86-64 only. */
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4;
const DATA_WORD = process.arch === 'x64' ? 1 : 2;
const WATCHED = 3;

/** Places in words of 32 bits: events that are ready, the socket switched on and off, one to add others with, an `itimerspec`. */
const ON = WATCHED * EVENT_WORDS;
const OFF = ON + EVENT_WORDS;
const OTHER = OFF + EVENT_WORDS;
const TIMER = (OTHER + EVENT_WORDS + 1) & ~1;
const TIMER_WORDS = 8;
const NANOSECONDS_WORD = TIMER + 6;

/** What `look` found. */
const NOTHING = 0;
const DATAGRAM = 1;
const ELSE = 2;

export class LoopWait {
  private readonly libc: Libc;
  private readonly calls: LoopCalls;
  private readonly fd: number;
  /** C keeps no address into these beyond a call. */
  private readonly words = new Uint32Array(TIMER + TIMER_WORDS);
  private readonly address: number;
  private epoll = -1;
  private timer = -1;
  private isOver = false;
  private skipped = 0;
  private toSkip = 0;

  /** @param fd a socket that libuv polls for being readable. */
  constructor(libc: Libc, calls: LoopCalls, fd: number) {
    this.libc = libc;
    this.calls = calls;
    this.fd = fd;
    this.address = libc.addressOf(new Uint8Array(this.words.buffer));
    this.setEvent(ON, fd, EPOLLIN);
    this.setEvent(OFF, fd, 0);
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
    const { calls } = this;
    // Such as answers that another callback of this turn has brought.
    if (calls.continuations.areDue) return;
    calls.updateTime();
    const leftMs = calls.timeoutMs();
    if ((leftMs >= 0 && leftMs <= SOON_MS) || !this.begin(leftMs)) return;
    let reads = 0;
    try {
      reads = this.stay(read, leftMs);
    } finally {
      this.end();
    }
    this.skipped = reads < WORTHWHILE_READS ? Math.min(MOST_SKIPPED, this.skipped * 2 + 1) : 0;
    this.toSkip = this.skipped;
  }

  /** To be called before the socket is closed, or polled no longer. */
  close(): void {
    this.isOver = true;
    this.closeDescriptors();
  }

  /** Takes the socket from libuv. @returns whether that worked. */
  private begin(leftMs: number): boolean {
    if (this.isOver) return false;
    const { calls, fd } = this;
    if (this.epoll < 0 && !this.open()) return this.giveUp();
    this.words[NANOSECONDS_WORD] = (leftMs < 0 ? MOST_MS : Math.min(leftMs, MOST_MS)) * 1_000_000;
    if (calls.setTimer(this.timer, this.at(TIMER)) !== 0) return this.giveUp();
    if (calls.controlEpoll(calls.backendFd, EPOLL_CTL_MOD, fd, this.at(OFF)) !== 0) return this.giveUp();
    return true;
  }

  /** @returns how often something was read. */
  private stay(read: () => boolean, leftMs: number): number {
    const { calls } = this;
    let updatedMs = performance.now();
    const timerMs = leftMs < 0 ? Infinity : updatedMs + leftMs;
    for (let reads = 1; ; reads++) {
      const found = this.look();
      if ((found & DATAGRAM) === 0) return reads - 1;
      const nowMs = performance.now();
      if (nowMs - updatedMs >= STALE_MS) {
        calls.updateTime();
        updatedMs = nowMs;
      }
      if (!read() || found !== DATAGRAM || reads === MOST_READS) return reads;
      // An immediate, or a timer before the one that ends this stay.
      const nextMs = calls.timeoutMs();
      if (nextMs >= 0 && updatedMs + nextMs < timerMs - SOON_MS) return reads;
    }
  }

  /** Gives it back. */
  private end(): void {
    const { calls, fd } = this;
    calls.updateTime();
    if (this.isOver) return;
    if (calls.controlEpoll(calls.backendFd, EPOLL_CTL_MOD, fd, this.at(ON)) !== 0) {
      throw systemError(this.libc.errno(), 'epoll_ctl');
    }
  }

  private look(): number {
    const { words } = this;
    const count = this.calls.waitEpoll(this.epoll, this.address, WATCHED, -1);
    let found = NOTHING;
    for (let i = 0; i < count; i++) {
      found |= words[i * EVENT_WORDS + DATA_WORD] === this.fd ? DATAGRAM : ELSE;
    }
    return found;
  }

  private open(): boolean {
    const { calls } = this;
    this.epoll = calls.createEpoll();
    this.timer = calls.createTimer();
    return (
      this.epoll >= 0 &&
      this.timer >= 0 &&
      calls.controlEpoll(this.epoll, EPOLL_CTL_ADD, this.fd, this.at(ON)) === 0 &&
      this.watch(calls.backendFd) &&
      this.watch(this.timer)
    );
  }

  private watch(fd: number): boolean {
    this.setEvent(OTHER, fd, EPOLLIN);
    return this.calls.controlEpoll(this.epoll, EPOLL_CTL_ADD, fd, this.at(OTHER)) === 0;
  }

  /** Where something of this does not work, the loop itself waits: it is what would be done without. */
  private giveUp(): false {
    this.isOver = true;
    this.closeDescriptors();
    return false;
  }

  private closeDescriptors(): void {
    if (this.epoll >= 0) this.libc.close(this.epoll);
    if (this.timer >= 0) this.libc.close(this.timer);
    this.epoll = this.timer = -1;
  }

  private setEvent(place: number, fd: number, events: number): void {
    this.words[place] = events;
    this.words[place + DATA_WORD] = fd;
  }

  private at(place: number): number {
    return this.address + place * 4;
  }
}
