/** What waits in the place of the event loop, on sockets of the system, with an epoll descriptor of the test's in the place of libuv's. */
import { closeSync, readSync, readdirSync, writeSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { BatchMemory } from '../../src/datagram/batch-memory.ts';
import { openConnectedSocket } from '../../src/datagram/connected-socket.ts';
import { openDatagramSocket } from '../../src/datagram/datagram-socket.ts';
import { loadLibc } from '../../src/datagram/libc.ts';
import type { Libc } from '../../src/datagram/libc.ts';
import type { LoopCalls } from '../../src/datagram/loop-calls.ts';
import { LoopEpoll } from '../../src/datagram/loop-epoll.ts';
import { LoopRing } from '../../src/datagram/loop-ring.ts';
import { LoopWait } from '../../src/datagram/loop-wait.ts';
import { Ring } from '../../src/datagram/ring.ts';
import type { RingCalls } from '../../src/datagram/ring-calls.ts';
import type { Arrival, DatagramReader, StandIn } from '../../src/datagram/stand-in.ts';

/** Undefined where koffi does not work. */
export const libc = await loadLibc().catch(() => undefined);
/** Of this process, where it shows it. */
export const loop = libc?.loop;
const ring = libc && Ring.open(libc.ring);
ring?.close();
/** Not with Linux before 6.1, and where a container's profile or kernel.io_uring_disabled refuses it. */
export const hasRing = ring !== undefined;

const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const ADDRESS_OCTETS = 28;
/** More than are read before something ends a stay. */
export const MANY = 100_000;

/** A socket into which datagrams come when the test says so. */
export class Mailbox {
  readonly fd: number;
  readonly inbox: BatchMemory;
  private readonly sender: number;

  constructor(calls: Libc) {
    const { fd, port } = openDatagramSocket(calls, '127.0.0.1', 0, 0, false);
    const { fd: sender } = openConnectedSocket(calls, { host: '127.0.0.1', port, sourceAddress: undefined });
    this.inbox = new BatchMemory((octets) => calls.addressOf(octets));
    this.fd = fd;
    this.sender = sender;
    onTestFinished(() => {
      for (const one of [fd, sender]) closeSync(one);
    });
  }

  fill(text = 'x'): void {
    writeSync(this.sender, text);
  }

  drain(): string {
    const octets = Buffer.alloc(100);
    return octets.toString('latin1', 0, readSync(this.fd, octets));
  }

  /** What was received, or else is to be. */
  take(arrival: Arrival | undefined): string {
    if (arrival === undefined) return this.drain();
    return Buffer.from(this.inbox.buffers[0].subarray(0, arrival.octets)).toString('latin1');
  }

  /** @param read what `DatagramReader` says. */
  reader(read: (arrival?: Arrival) => boolean): DatagramReader {
    const { fd, inbox } = this;
    return { fd, message: inbox.vector, makeRoom: () => inbox.makeRoom(ADDRESS_OCTETS, 0), read };
  }
}

/** Of this process. */
export const descriptors = (): number => readdirSync('/proc/self/fd').length;

type Calls = Partial<LoopCalls & RingCalls>;

export interface Setting {
  /** What is waited for; there is one datagram in it. */
  readonly box: Mailbox;
  /** Something else that the loop looks after, and that could be waited for as well. */
  readonly other: Mailbox;
  readonly standIn: StandIn & { close(): void };
  /** Errors of what was sent with the wait. */
  readonly sendErrors: number[];
  /** Calls of the system that a stay begins and ends with. */
  readonly made: string[];
  /** Waits once. @param lookMs as of `LoopWait` */
  readonly wait: (read: (arrival?: Arrival) => boolean, lookMs?: number) => void;
  /** Whether the loop would see that there is something in it. */
  readonly isOn: () => boolean;
}

export type Open = (calls: Libc, mine: LoopCalls, sendFailed: (errno: number) => void) => Setting['standIn'];

export const byEpoll: Open = (calls, mine) => new LoopEpoll(calls, mine);
export const byRing: Open = (calls, mine, sendFailed) => {
  const made = LoopRing.open(calls, mine, calls.ring, sendFailed);
  if (made === undefined) throw new Error('the system gives us no ring');
  return made;
};

/** @param calls what is to be different; by default there is no timer, and nothing left to do. */
export function setUp(open: Open, calls: Calls = {}): Setting {
  if (libc === undefined || loop === undefined) throw new Error('there is nothing to test here');
  const [box, other] = [new Mailbox(libc), new Mailbox(libc)];
  const backendFd = loop.createEpoll();
  const event = new Uint32Array(4);
  const address = libc.addressOf(new Uint8Array(event.buffer));
  for (const { fd } of [box, other]) {
    event[0] = EPOLLIN;
    event[process.arch === 'x64' ? 1 : 2] = fd;
    expect(loop.controlEpoll(backendFd, EPOLL_CTL_ADD, fd, address)).toBe(0);
  }
  const made: string[] = [];
  const mine: LoopCalls = {
    ...loop,
    continuations: { areDue: false },
    timeoutMs: () => -1,
    controlEpoll(...args) {
      made.push('control');
      return loop.controlEpoll(...args);
    },
    ...calls,
    backendFd,
  };
  const sendErrors: number[] = [];
  const standIn = open({ ...libc, ring: { ...libc.ring, ...calls } }, mine, (errno) =>
    sendErrors.push(errno),
  );
  const isOn = (): boolean => {
    const seen = new Uint32Array(4);
    return loop.waitEpoll(backendFd, libc.addressOf(new Uint8Array(seen.buffer)), 1, 0) === 1;
  };
  onTestFinished(() => {
    standIn.close();
    libc.close(backendFd);
  });
  box.fill();
  const wait: Setting['wait'] = (read, lookMs) => new LoopWait(standIn, box.reader(read), lookMs).wait();
  return { box, other, standIn, sendErrors, made, wait, isOn };
}

/** Reads, and lets the next datagram come until `most` have been read. */
export function reader(
  box: Mailbox,
  most: number,
  during: () => void = () => undefined,
): (arrival?: Arrival) => boolean {
  let reads = 0;
  return (arrival) => {
    during();
    box.take(arrival);
    reads++;
    if (reads < most) box.fill();
    return reads < most;
  };
}

/** That nothing is read in the place of the loop until `give` was called, and then soon. */
export function expectLater(box: Mailbox, standIn: StandIn, isOn: () => boolean, give: () => void): void {
  let reads = 0;
  const wait = new LoopWait(standIn, box.reader(reader(box, 10, () => reads++)));
  const before = descriptors();
  for (let i = 0; i < 100; i++) wait.wait();
  expect(reads).toBe(0);
  expect(descriptors()).toBe(before);
  expect(isOn()).toBe(true);
  give();
  const hasRead = (): boolean => {
    wait.wait();
    return reads > 0;
  };
  expect(Array.from({ length: 64 }).some(hasRead)).toBe(true);
  expect(reads).toBe(10);
}
