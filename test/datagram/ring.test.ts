/** The ring alone; what is made of it is in `loop-wait.test.ts`. */
import { closeSync, openSync, readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibc } from '../../src/datagram/libc.ts';
import type { Libc } from '../../src/datagram/libc.ts';
import { Ring } from '../../src/datagram/ring.ts';

const libc = await loadLibc().catch(() => undefined);
const tried = libc && Ring.open(libc.ring);
tried?.close();

/** io_uring_op of <linux/io_uring.h>. */
const OP_NOP = 0;
const OP_CLOSE = 19;
const OP_NONE = 255;
const CQE_SKIP_SUCCESS = 1 << 6;
const EBADF = 9;
const EINVAL = 22;

function open(calls: Partial<Libc['ring']> = {}): Ring {
  const ring = libc && Ring.open({ ...libc.ring, ...calls });
  if (ring === undefined) throw new Error('the system gives us no ring');
  onTestFinished(() => ring.close());
  return ring;
}

function completions(ring: Ring): [entry: number, result: number][] {
  const found: [number, number][] = [];
  while (ring.next()) found.push([ring.entry, ring.result]);
  return found;
}

describe.skipIf(tried === undefined)('a ring (Linux 6.1 and koffi)', () => {
  it('makes what was laid down, in order, and says whose the results are, again and again', () => {
    const ring = open();
    for (const entry of [0, 1, 5]) ring.layOut(entry, { code: OP_NOP });
    // Often enough to go round both queues, and each of their numbers more than once.
    for (let round = 0; round < 1_000; round++) {
      for (const entry of [5, 0, 1]) ring.submit(entry);
      expect(ring.enter(3)).toBe(true);
      expect(completions(ring)).toEqual([
        [5, 0],
        [0, 0],
        [1, 0],
      ]);
    }
    expect(ring.enter(0)).toBe(true);
    expect(completions(ring)).toEqual([]);
  });

  it('gives errors below 0, and says nothing of what worked where it was told so', () => {
    const ring = open();
    const fd = openSync('/dev/null', 'r');
    ring.layOut(2, { code: OP_CLOSE, flags: CQE_SKIP_SUCCESS });
    ring.setFd(2, fd);
    ring.submit(2);
    ring.enter(0);
    expect(completions(ring)).toEqual([]);
    // It is closed.
    expect(() => closeSync(fd)).toThrow('EBADF');
    ring.setFd(2, 1_000_000);
    ring.submit(2);
    ring.enter(1);
    expect(completions(ring)).toEqual([[2, -EBADF]]);
  });

  it('makes the others where one is no operation', () => {
    const ring = open();
    ring.layOut(3, { code: OP_NONE });
    ring.layOut(4, { code: OP_NOP });
    for (const entry of [3, 4]) ring.submit(entry);
    expect(ring.enter(2)).toBe(true);
    expect(completions(ring)).toEqual([
      [3, -EINVAL],
      [4, 0],
    ]);
  });

  it('takes back what the system did not make', () => {
    let isBroken = true;
    const ring = open({ enter: (...args) => (isBroken ? -1 : (libc?.ring.enter(...args) ?? -1)) });
    for (const entry of [0, 1]) ring.layOut(entry, { code: OP_NOP });
    ring.submit(0);
    expect(ring.enter(1)).toBe(false);
    isBroken = false;
    ring.submit(1);
    expect(ring.enter(1)).toBe(true);
    expect(completions(ring)).toEqual([[1, 0]]);
  });

  it('lays out an entry as if nothing had been there', () => {
    const ring = open();
    ring.layOut(0, {
      code: OP_CLOSE,
      flags: CQE_SKIP_SUCCESS,
      fd: 1,
      address: 2 ** 40 + 1,
      length: 7,
      operationFlags: 9,
    });
    ring.layOut(0, { code: OP_NOP });
    ring.submit(0);
    ring.enter(1);
    expect(completions(ring)).toEqual([[0, 0]]);
  });

  it('is one descriptor, which a new program does not inherit, and none once it is closed', () => {
    const before = readdirSync('/proc/self/fd').length;
    const ring = libc && Ring.open(libc.ring);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before + 1);
    ring?.close();
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });
});
