/** On descriptors of the system, with an epoll descriptor of the test's in the place of libuv's. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibc } from '../../src/datagram/libc.ts';
import type { LoopCalls } from '../../src/datagram/loop-calls.ts';
import { LoopEpoll } from '../../src/datagram/loop-epoll.ts';
import { LoopWait } from '../../src/datagram/loop-wait.ts';

const libc = await loadLibc().catch(() => undefined);
const loop = libc?.loop;

const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EPOLLET = 1 << 31;
/** More than a stay reads. */
const MANY = 1_000;

/** A pipe of which one descriptor is both ends: something that is readable when the test says so. */
function pipe(): number {
  const directory = mkdtempSync(join(tmpdir(), 'loop-wait-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return fd;
}

const fill = (fd: number): void => void writeSync(fd, 'x');
const drain = (fd: number): void => void readSync(fd, Buffer.alloc(1));
const descriptors = (): number => readdirSync('/proc/self/fd').length;

interface Setting {
  /** What is waited for; there is one octet in it. */
  readonly fd: number;
  readonly wait: LoopWait;
  /** Something else that the loop looks after, and that could be waited for as well. */
  readonly other: number;
  readonly otherWait: LoopWait;
  readonly epoll: LoopEpoll;
  /** Whether the loop would see that `fd` is readable. */
  readonly isOn: () => boolean;
  /** Calls of the system by their names. */
  readonly made: string[];
}

/** @param calls what is to be different; by default there is no timer, and nothing left to do. */
function setUp(calls: Partial<LoopCalls> = {}): Setting {
  if (libc === undefined || loop === undefined) throw new Error('there is nothing to test here');
  const [fd, other] = [pipe(), pipe()];
  const backendFd = loop.createEpoll();
  const event = new Uint32Array(4);
  const address = libc.addressOf(new Uint8Array(event.buffer));
  for (const one of [fd, other]) {
    event[0] = EPOLLIN;
    event[process.arch === 'x64' ? 1 : 2] = one;
    expect(loop.controlEpoll(backendFd, EPOLL_CTL_ADD, one, address)).toBe(0);
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
  const epoll = new LoopEpoll(libc, mine);
  const [wait, otherWait] = [new LoopWait(epoll, fd), new LoopWait(epoll, other)];
  const isOn = (): boolean => {
    const seen = new Uint32Array(4);
    return loop.waitEpoll(backendFd, libc.addressOf(new Uint8Array(seen.buffer)), 1, 0) === 1;
  };
  onTestFinished(() => {
    epoll.close();
    libc.close(backendFd);
  });
  fill(fd);
  return { fd, other, wait, otherWait, epoll, isOn, made };
}

/** Reads, and lets the next octet come until `most` have been read. */
function reader(fd: number, most: number, during: () => void = () => undefined): () => boolean {
  let reads = 0;
  return () => {
    during();
    drain(fd);
    reads++;
    if (reads < most) fill(fd);
    return reads < most;
  };
}

describe.skipIf(loop === undefined)('waiting in the place of the loop (where koffi works)', () => {
  it('reads what comes, one after the other, while the loop does not see it; then the loop does again', () => {
    const { fd, wait, isOn } = setUp();
    const seen: boolean[] = [];
    expect(isOn()).toBe(true);
    wait.wait(reader(fd, 5, () => seen.push(isOn())));
    expect(seen).toEqual([false, false, false, false, false]);
    fill(fd);
    expect(isOn()).toBe(true);
  });

  it('does not go on for ever', () => {
    const { fd, wait, isOn } = setUp();
    let reads = 0;
    wait.wait(reader(fd, MANY, () => reads++));
    expect(reads).toBeGreaterThan(10);
    expect(reads).toBeLessThan(MANY);
    expect(isOn()).toBe(true);
  });

  it('ends when anything else of the loop is ready', () => {
    const { fd, other, wait } = setUp();
    let reads = 0;
    const read = reader(fd, MANY, () => {
      reads++;
      if (reads === 3) fill(other);
    });
    wait.wait(read);
    // What was ready together with it is read.
    expect(reads).toBe(4);
  });

  it('ends without anything to read when the next timer is due', () => {
    const { fd, wait } = setUp({ timeoutMs: () => 5 });
    drain(fd);
    let reads = 0;
    wait.wait(() => ++reads < MANY);
    expect(reads).toBe(0);
  });

  it('ends after a while without a timer', () => {
    const { fd, wait } = setUp();
    drain(fd);
    let reads = 0;
    wait.wait(() => ++reads < MANY);
    expect(reads).toBe(0);
  });

  it.each([
    ['something that is to be done at once', 0],
    ['a timer before the one that there was', 100],
  ])('ends after a read that has left %s', (_, leftMs) => {
    const left = [1_000, 1_000, leftMs];
    const { fd, wait } = setUp({ timeoutMs: () => left.shift() ?? MANY });
    let reads = 0;
    wait.wait(reader(fd, MANY, () => reads++));
    expect(reads).toBe(2);
  });

  it.each([0, 1, 3])('does not begin where the loop has to do something within %i ms', (leftMs) => {
    const { wait, made } = setUp({ timeoutMs: () => leftMs });
    wait.wait(() => expect.fail('read'));
    expect(made).toEqual([]);
  });

  it('does not begin before promises that other callbacks have settled are continued', () => {
    const { wait, made } = setUp({ continuations: { areDue: true } });
    wait.wait(() => expect.fail('read'));
    expect(made).toEqual([]);
  });

  it('is seldom tried where it is not worth it, and always where it is', () => {
    const { fd, wait, made } = setUp();
    let tries = 0;
    const attempt = (reads: number): void => {
      made.length = 0;
      wait.wait(reader(fd, reads));
      if (made.length === 0) return;
      tries++;
      fill(fd);
    };
    for (let i = 0; i < 640; i++) attempt(1);
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(20);
    for (let i = 0; i < 64; i++) attempt(50);
    tries = 0;
    for (let i = 0; i < 10; i++) attempt(50);
    expect(tries).toBe(10);
  });

  it('brings the time of the loop up to date, for timers that are set by a read and afterwards', () => {
    let updates = 0;
    const { fd, wait } = setUp({ updateTime: () => updates++ });
    const seen: number[] = [];
    const endMs = performance.now() + 20;
    wait.wait(() => {
      seen.push(updates);
      if (seen.length === 1) while (performance.now() < endMs);
      return seen.length < 2;
    });
    drain(fd);
    // Before it asks how long there is until the next timer, before the second read, and at the end.
    expect(seen).toEqual([1, 2]);
    expect(updates).toBe(3);
  });

  it('switches the socket on again whatever is thrown by a read', () => {
    const { wait, isOn } = setUp();
    expect(() =>
      wait.wait(() => {
        throw new Error('a bug');
      }),
    ).toThrow('a bug');
    expect(isOn()).toBe(true);
  });

  it('says so when the socket cannot be switched on again', () => {
    let calls = 0;
    const { fd, wait } = setUp({
      controlEpoll: (...args) => (++calls > 4 ? -1 : (loop?.controlEpoll(...args) ?? -1)),
    });
    expect(() => wait.wait(reader(fd, 1))).toThrow(expect.objectContaining({ syscall: 'epoll_ctl' }));
  });

  it('may be closed by a read', () => {
    const { fd, wait, epoll } = setUp();
    const opened = descriptors();
    let reads = 0;
    wait.wait(
      reader(fd, MANY, () => {
        reads++;
        expect(descriptors()).toBe(opened + 2);
        wait.close();
      }),
    );
    expect(reads).toBe(1);
    wait.wait(() => expect.fail('read'));
    // What is left belongs to the loop, and can be given back.
    epoll.close();
    expect(descriptors()).toBe(opened);
  });

  it('has one epoll descriptor for all sockets of a loop, and each waits for its own', () => {
    const { fd, other, wait, otherWait } = setUp();
    const before = descriptors();
    const seen: string[] = [];
    const follow = (one: number, name: string): (() => boolean) => reader(one, 10, () => seen.push(name));
    wait.wait(follow(fd, 'one'));
    fill(other);
    otherWait.wait(follow(other, 'other'));
    fill(fd);
    wait.wait(follow(fd, 'one'));
    expect(seen).toEqual(['one', 'other', 'one'].flatMap((name) => Array<string>(10).fill(name)));
    expect(descriptors()).toBe(before + 2);
  });

  it('goes on without a socket that is closed, and with one that gets its number', () => {
    const { fd, other, wait, otherWait, epoll } = setUp();
    let reads = 0;
    const count = (): void => void reads++;
    wait.wait(reader(fd, 10));
    wait.close();
    fill(fd);
    fill(other);
    otherWait.wait(reader(other, 10, count));
    // The one that is closed is read by nobody, and by the loop at once.
    expect(reads).toBe(1);
    drain(other);
    new LoopWait(epoll, fd).wait(reader(fd, 10, count));
    expect(reads).toBe(11);
  });

  it.each<[string, 'createEpoll' | 'createTimer' | 'setTimer' | 'controlEpoll']>([
    ['epoll', 'createEpoll'],
    ['a timer', 'createTimer'],
    ['to set the timer', 'setTimer'],
    ['to switch the socket off', 'controlEpoll'],
  ])('leaves it to the loop, and tries it again later, where the system does not give %s', (_, name) => {
    let isGiven = false;
    const real: ((...args: number[]) => number) | undefined = loop?.[name];
    const { fd, wait, isOn } = setUp({
      [name]: (...args: number[]) => (isGiven ? (real?.(...args) ?? -1) : -1),
    });
    const before = descriptors();
    for (let i = 0; i < 100; i++) wait.wait(() => expect.fail('read'));
    expect(descriptors()).toBe(before);
    expect(isOn()).toBe(true);
    isGiven = true;
    let reads = 0;
    const hasRead = (): boolean => {
      wait.wait(reader(fd, 10, () => reads++));
      return reads > 0;
    };
    expect(Array.from({ length: 64 }).some(hasRead)).toBe(true);
    expect(reads).toBe(10);
  });
});

it.skipIf(loop === undefined)(
  'what one callback leaves is due in the next one of its turn, and done in the next turn',
  async () => {
    const seen: (boolean | undefined)[] = [];
    const turn = (): Promise<void> =>
      new Promise((resolve) => {
        const fds = [pipe(), pipe()];
        const polls = fds.map((fd) =>
          libc?.poll(fd, () => {
            drain(fd);
            seen.push(loop?.continuations.areDue);
            if (seen.length % 2 === 0) setImmediate(resolve);
          }),
        );
        onTestFinished(() => polls.forEach((poll) => poll?.close()));
        for (const fd of fds) fill(fd);
      });
    await turn();
    await turn();
    expect(seen).toEqual([false, true, false, true]);
    expect(loop?.continuations.areDue).toBe(false);
  },
);

it.skipIf(loop === undefined)(
  'nothing that the loop watches is told by edges, which would end no wait',
  () => {
    const watched = readFileSync(`/proc/self/fdinfo/${loop?.backendFd}`, 'latin1').matchAll(
      /events: +([0-9a-f]+)/g,
    );
    const events = [...watched].map(([, hex = '']) => parseInt(hex, 16));
    expect(events.length).toBeGreaterThan(0);
    expect(events.filter((bits) => (bits & EPOLLET) !== 0)).toEqual([]);
  },
);

it.skipIf(loop === undefined)('shows the loop of this process', async () => {
  let leftMs: number | undefined;
  const timer = setTimeout(() => undefined, 60_000);
  // While an immediate runs there is something to be done at once.
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      leftMs = loop?.timeoutMs();
      resolve();
    });
  });
  clearTimeout(timer);
  expect(leftMs).toBe(0);
  expect(loop?.backendFd).toBeGreaterThan(2);
});
