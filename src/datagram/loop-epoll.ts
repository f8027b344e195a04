/**
 * What is waited for in the place of the event loop (`loop-wait.ts`): libuv's own epoll descriptor, in which one socket at a time is switched off,
 * that socket, and a timer. There is one for all sockets of a loop: each further one would be told of everything that libuv watches, and made a
 * miss a fifth dearer where there were 50.
 */
import type { Libc } from './libc.ts';
import type { LoopCalls } from './loop-calls.ts';
import { systemError } from './system-error.ts';

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;
const NOT_EVEN_READABLE = 0;

/** `struct epoll_event`: 32 bits of events and 64 of data, packed on x86-64 only. */
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4;
const DATA_WORD = process.arch === 'x64' ? 1 : 2;
const WATCHED = 3;

/** Places in words of 32 bits: events that are ready, one to change others with, an `itimerspec`. */
const CHANGE = WATCHED * EVENT_WORDS;
const TIMER = (CHANGE + EVENT_WORDS + 1) & ~1;
const TIMER_WORDS = 8;
const NANOSECONDS_WORD = TIMER + 6;
const NANOSECONDS_PER_MS = 1_000_000;

/** What `wait` found; a sum where it was both. */
export const DATAGRAM = 1;
export const ELSE = 2;

export class LoopEpoll {
  readonly calls: LoopCalls;
  private readonly libc: Pick<Libc, 'addressOf' | 'close' | 'errno'>;
  /** C keeps no address into these beyond a call. */
  private readonly words = new Uint32Array(TIMER + TIMER_WORDS);
  private readonly address: number;
  private epoll = -1;
  private timer = -1;
  private readonly known = new Set<number>();
  /** Of those that are known, the one that is switched on here; -1 for none. */
  private current = -1;

  constructor(libc: Pick<Libc, 'addressOf' | 'close' | 'errno'>, calls: LoopCalls) {
    this.libc = libc;
    this.calls = calls;
    this.address = libc.addressOf(new Uint8Array(this.words.buffer));
  }

  /**
   * Takes a socket from libuv, which polls it for being readable.
   *
   * @param mostMs milliseconds until a `wait` ends without it; below 1,000
   * @returns whether that worked; libuv still has it where not.
   */
  lend(fd: number, mostMs: number): boolean {
    if ((this.epoll >= 0 || this.open()) && this.startTimer(mostMs) && this.turnTo(fd)) {
      if (this.change(this.calls.backendFd, EPOLL_CTL_MOD, fd, NOT_EVEN_READABLE)) return true;
    }
    this.close();
    return false;
  }

  /** Until the socket is readable (`DATAGRAM`), or there is something else for the loop to do (`ELSE`); 0 where a signal came first. */
  wait(): number {
    const { words, current } = this;
    const count = this.calls.waitEpoll(this.epoll, this.address, WATCHED, -1);
    let found = 0;
    for (let i = 0; i < count; i++) {
      found |= words[i * EVENT_WORDS + DATA_WORD] === current ? DATAGRAM : ELSE;
    }
    return found;
  }

  /** libuv hears of the socket again. @throws Error with the system's `code` where it cannot */
  giveBack(fd: number): void {
    if (this.change(this.calls.backendFd, EPOLL_CTL_MOD, fd, EPOLLIN)) return;
    throw systemError(this.libc.errno(), 'epoll_ctl');
  }

  /** To be called before the socket is closed. */
  forget(fd: number): void {
    if (!this.known.delete(fd)) return;
    if (this.current === fd) this.current = -1;
    this.change(this.epoll, EPOLL_CTL_DEL, fd, NOT_EVEN_READABLE);
  }

  /** What is lent afterwards opens it anew. */
  close(): void {
    for (const fd of [this.epoll, this.timer]) if (fd >= 0) this.libc.close(fd);
    this.epoll = this.timer = this.current = -1;
    this.known.clear();
  }

  private open(): boolean {
    const { calls } = this;
    this.epoll = calls.createEpoll();
    this.timer = calls.createTimer();
    if (this.epoll < 0 || this.timer < 0) return false;
    return [calls.backendFd, this.timer].every((fd) => this.change(this.epoll, EPOLL_CTL_ADD, fd, EPOLLIN));
  }

  private startTimer(mostMs: number): boolean {
    this.words[NANOSECONDS_WORD] = mostMs * NANOSECONDS_PER_MS;
    return this.calls.setTimer(this.timer, this.at(TIMER)) === 0;
  }

  /** A socket stays switched on until another's turn: mostly it is the same again. */
  private turnTo(fd: number): boolean {
    const { epoll, current } = this;
    if (fd === current) return true;
    if (current >= 0 && !this.change(epoll, EPOLL_CTL_MOD, current, NOT_EVEN_READABLE)) return false;
    this.current = fd;
    if (this.known.has(fd)) return this.change(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
    this.known.add(fd);
    return this.change(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
  }

  private change(epoll: number, operation: number, fd: number, events: number): boolean {
    this.words[CHANGE] = events;
    this.words[CHANGE + DATA_WORD] = fd;
    return this.calls.controlEpoll(epoll, operation, fd, this.at(CHANGE)) === 0;
  }

  private at(place: number): number {
    return this.address + place * Uint32Array.BYTES_PER_ELEMENT;
  }
}
