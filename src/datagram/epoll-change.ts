/** Changes what an epoll descriptor is told of. */
import type { Libc } from './libc.ts';
import type { LoopCalls } from './loop-calls.ts';

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 1;
export const NOT_EVEN_READABLE = 0;

/** `struct epoll_event`: 32 bits of events and 64 of data, packed on x86-64 only. */
export const EVENT_WORDS = process.arch === 'x64' ? 3 : 4;
export const DATA_WORD = process.arch === 'x64' ? 1 : 2;

export class EpollChange {
  private readonly calls: Pick<LoopCalls, 'controlEpoll'>;
  private readonly event = new Uint32Array(EVENT_WORDS);
  private readonly address: number;

  constructor(libc: Pick<Libc, 'addressOf'>, calls: Pick<LoopCalls, 'controlEpoll'>) {
    this.calls = calls;
    this.address = libc.addressOf(new Uint8Array(this.event.buffer));
  }

  /** @param operation EPOLL_CTL_*. @returns whether that worked. */
  make(epoll: number, operation: number, fd: number, events: number): boolean {
    this.event[0] = events;
    this.event[DATA_WORD] = fd;
    return this.calls.controlEpoll(epoll, operation, fd, this.address) === 0;
  }
}
