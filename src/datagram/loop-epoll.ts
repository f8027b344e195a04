/**
 * What is waited for in the place of the event loop (`loop-wait.ts`): libuv's own epoll descriptor, in which one socket at a time is switched off,
 * that socket, and a timer. There is one for all sockets of a loop: each further one would be told of everything that libuv watches, and made a
 * miss a fifth dearer where there were 50.
 */
import {
  DATA_WORD,
  EPOLLIN,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EVENT_WORDS,
  EpollChange,
  NOT_EVEN_READABLE,
} from './epoll-change.ts';
import type { Libc } from './libc.ts';
import type { LoopCalls } from './loop-calls.ts';
import { DATAGRAM, ELSE, TIME_OVER } from './stand-in.ts';
import type { DatagramReader, StandIn } from './stand-in.ts';
import { systemError } from './system-error.ts';

const WATCHED = 3;

/** Places in words of 32 bits: events that are ready, an `itimerspec`. */
const TIMER = (WATCHED * EVENT_WORDS + 1) & ~1;
const TIMER_WORDS = 8;
const NANOSECONDS_WORD = TIMER + 6;
const NANOSECONDS_PER_MS = 1_000_000;

export class LoopEpoll implements StandIn {
  readonly calls: LoopCalls;
  readonly arrival = undefined;
  private readonly libc: Pick<Libc, 'addressOf' | 'close' | 'errno'>;
  /** C keeps no address into these beyond a call. */
  private readonly words = new Uint32Array(TIMER + TIMER_WORDS);
  private readonly address: number;
  private readonly changes: EpollChange;
  private epoll = -1;
  private timer = -1;
  private readonly known = new Set<number>();
  /** Of those that are known, the one that is switched on here; -1 for none. */
  private current = -1;

  constructor(libc: Pick<Libc, 'addressOf' | 'close' | 'errno'>, calls: LoopCalls) {
    this.libc = libc;
    this.calls = calls;
    this.address = libc.addressOf(new Uint8Array(this.words.buffer));
    this.changes = new EpollChange(libc, calls);
  }

  lend({ fd }: DatagramReader, mostMs: number): boolean {
    if ((this.epoll >= 0 || this.open()) && this.startTimer(mostMs) && this.turnTo(fd)) {
      if (this.change(this.calls.backendFd, EPOLL_CTL_MOD, fd, NOT_EVEN_READABLE)) return true;
    }
    this.close();
    return false;
  }

  wait(): number {
    const { words, current, timer } = this;
    const count = this.calls.waitEpoll(this.epoll, this.address, WATCHED, -1);
    let found = 0;
    for (let i = 0; i < count; i++) {
      const fd = words[i * EVENT_WORDS + DATA_WORD];
      found |= fd === current ? DATAGRAM : fd === timer ? TIME_OVER : ELSE;
    }
    return found;
  }

  extend(mostMs: number): boolean {
    return this.startTimer(mostMs);
  }

  stop(): boolean {
    return false;
  }

  giveBack(fd: number): void {
    if (this.change(this.calls.backendFd, EPOLL_CTL_MOD, fd, EPOLLIN)) return;
    throw systemError(this.libc.errno(), 'epoll_ctl');
  }

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
    return this.calls.setTimer(this.timer, this.address + TIMER * Uint32Array.BYTES_PER_ELEMENT) === 0;
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
    return this.changes.make(epoll, operation, fd, events);
  }
}
