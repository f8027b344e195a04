import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { countDroppedLines } from '../../src/observe/log-metrics.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import { LogRing, PIPE_BYTES_AT_ONCE } from '../../src/observe/ring.ts';
import { Fifo } from './fifo.ts';

let fifo: Fifo;

/**
 * Everything stays open until the last test is over: rings whose lines nobody took try again now and then, and must not find a later
 * test's pipe under the number of their own.
 */
const endings: (() => void)[] = [];

beforeEach(() => {
  const made = new Fifo();
  endings.push(() => made.remove());
  fifo = made;
});

afterAll(() => {
  for (const end of endings) end();
});

function openDevFull(): number {
  const fd = openSync('/dev/full', 'w');
  endings.push(() => closeSync(fd));
  return fd;
}

interface LogFile {
  readonly fd: number;
  read(): string;
}

function openFile(): LogFile {
  const directory = mkdtempSync(join(tmpdir(), 'ring-'));
  const path = join(directory, 'log');
  const fd = openSync(path, 'w');
  endings.push(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return { fd, read: () => readFileSync(path, 'utf8') };
}

/** More than a pipe and a small ring hold. */
const MANY = 2000;
const LINE = 'x'.repeat(99);

/** Appends numbered lines of 100 octets; gives the numbers of those that were taken. */
function flood(ring: LogRing, from: number, to: number): number[] {
  const taken: number[] = [];
  for (let number = from; number < to; number++) {
    if (ring.append(`${number} ${LINE}`.slice(0, 99))) taken.push(number);
  }
  return taken;
}

const numbersOf = (lines: readonly string[]): number[] =>
  lines.filter((line) => line.endsWith('x')).map((line) => Number.parseInt(line, 10));

describe('lines', () => {
  it('come out whole and in order', async () => {
    const reader = fifo.openReader();
    const ring = new LogRing(fifo.openWriter());
    expect(ring.append('one')).toBe(true);
    expect(ring.append('')).toBe(true);
    expect(ring.append('tw\u00F6 \u{1F600}')).toBe(true);
    await reader.until((text) => text.endsWith('\u{1F600}\n'));
    expect(reader.text).toBe('one\n\ntw\u00F6 \u{1F600}\n');
  });

  it('come out when the ring was empty for a while', async () => {
    const reader = fifo.openReader();
    const ring = new LogRing(fifo.openWriter());
    ring.append('one');
    await reader.until((text) => text === 'one\n');
    await turn();
    ring.append('two');
    await reader.until((text) => text === 'one\ntwo\n');
  });

  it('come out whole when they go around the end of the memory', async () => {
    const reader = fifo.openReader();
    const ring = new LogRing(fifo.openWriter(), 256);
    const sent: string[] = [];
    for (let length = 0; length < 60; length++) {
      const line = '\u20AC'.repeat(length);
      sent.push(line);
      while (!ring.append(line)) await reader.until(untilMore(reader.text));
    }
    await reader.until((text) => text.endsWith(`\n${sent.at(-1)}\n`));
    expect(reader.lines.filter((line) => !line.endsWith('dropped'))).toEqual(sent);
  });

  it('all reach a slow reader that is not too slow', async () => {
    fifo.holdOpen();
    const ring = new LogRing(fifo.openWriter());
    // 64 KiB fill the pipe, the rest waits in the ring.
    expect(flood(ring, 0, MANY)).toHaveLength(MANY);
    await turn();
    const reader = fifo.openReader();
    await reader.until((text) => text.length === MANY * 100);
    expect(numbersOf(reader.lines)).toEqual(Array.from({ length: MANY }, (_, number) => number));
    expect(ring.dropped).toBe(0);
  });

  it('of several who write into one pipe are not cut in two, when each writes little at once', async () => {
    fifo.holdOpen();
    const rings = Array.from({ length: 3 }, () => new LogRing(fifo.openWriter()));
    for (const ring of rings) ring.mostPerWrite = PIPE_BYTES_AT_ONCE;
    const reader = fifo.openReader();
    // Not all that the second one has to say fits beside this; the third one comes in between.
    rings[0].append('x'.repeat(3_999));
    rings[0].flushSync(0);
    flood(rings[1], 0, MANY);
    rings[1].flushSync(0);
    await reader.until((text) => text.length > 4_000);
    rings[2].append('y');
    rings[2].flushSync(0);
    await reader.until((text) => text.length === 4_000 + MANY * 100 + 2);
    expect(new Set(reader.lines.map(({ length }) => length))).toEqual(new Set([3_999, 99, 1]));
  });
});

const untilMore = (before: string) => (text: string) => text.length > before.length;

describe('when nobody reads', () => {
  it('lines are dropped and counted, and nobody waits', async () => {
    fifo.holdOpen();
    const ring = new LogRing(fifo.openWriter(), 10_000);
    let taken = 0;
    // The event loop turns in between: a write that waits would stop it, or at least its own callback.
    for (const round of Array.from({ length: 20 }).keys()) {
      taken += flood(ring, round * MANY, (round + 1) * MANY).length;
      await turn();
    }
    expect(ring.dropped).toBe(20 * MANY - taken);
    expect(taken).toBeLessThan(1000);
  });

  it('a reader that comes later gets what was kept, then the number of lost lines, then what follows', async () => {
    fifo.holdOpen();
    const ring = new LogRing(fifo.openWriter(), 10_000);
    ring.describeLoss = (lines) => `lost ${lines}`;
    const kept = flood(ring, 0, MANY);
    const lost = MANY - kept.length;
    expect(ring.dropped).toBe(lost);
    const reader = fifo.openReader();
    await reader.until((text) => text.includes('lost'));
    ring.append('after');
    await reader.until((text) => text.includes('after'));
    expect(numbersOf(reader.lines)).toEqual(kept);
    expect(reader.lines.slice(-2)).toEqual([`lost ${lost}`, 'after']);
  });

  it('the loss is told before the line that is taken after it', () => {
    const file = openFile();
    const ring = new LogRing(file.fd, 100);
    expect(ring.append('x'.repeat(100))).toBe(false);
    expect(ring.append('short')).toBe(true);
    ring.flushSync(0);
    expect(file.read()).toBe('1 log lines dropped\nshort\n');
  });

  it('the loss of the last line is told too', async () => {
    const reader = fifo.openReader();
    const ring = new LogRing(fifo.openWriter(), 100);
    expect(ring.append('x'.repeat(200))).toBe(false);
    await reader.until((text) => text === '1 log lines dropped\n');
  });

  it('the loss is a metric', () => {
    fifo.holdOpen();
    const ring = new LogRing(fifo.openWriter(), 100);
    const registry = new MetricRegistry();
    const stop = countDroppedLines(registry, ring);
    const shown = (): unknown =>
      [...registry.families()].find(({ name }) => name === 'nodelocaldns_log_dropped_total')?.samples;
    expect(shown()).toEqual([{ labelValues: [], value: 0 }]);
    flood(ring, 0, 10);
    registry.refresh();
    expect(shown()).toEqual([{ labelValues: [], value: ring.dropped }]);
    expect(ring.dropped).toBeGreaterThan(0);
    stop();
  });
});

describe('when writing fails', () => {
  it('on a full disk, lines are dropped and counted', async () => {
    const ring = new LogRing(openDevFull(), 1000);
    const taken = flood(ring, 0, 100).length;
    await turn();
    expect(flood(ring, 100, 200)).toEqual([]);
    expect(ring.dropped).toBe(200 - taken);
  });

  it('because the reader has gone, what waits goes to the next one', async () => {
    const gone = fifo.holdOpen();
    const ring = new LogRing(fifo.openWriter());
    fifo.close(gone);
    ring.append('to nobody');
    // The first write fails now, with EPIPE; the next one is due in a second.
    await turn();
    await turn();
    const reader = fifo.openReader();
    ring.append('to somebody');
    await reader.until((text) => text === 'to nobody\nto somebody\n');
  });
});

describe('flushing', () => {
  it('writes what waits, in order, to a file', () => {
    const file = openFile();
    const ring = new LogRing(file.fd);
    flood(ring, 0, MANY);
    ring.flushSync(0);
    const lines = file.read().split('\n').slice(0, -1);
    expect(numbersOf(lines)).toEqual(Array.from({ length: MANY }, (_, number) => number));
  });

  it('does not repeat what is being written, nor lose what comes after', async () => {
    const reader = fifo.openReader();
    const ring = new LogRing(fifo.openWriter());
    flood(ring, 0, 100);
    // The write begins in this turn of the event loop, and ends in a later one.
    await turn();
    flood(ring, 100, 200);
    ring.flushSync(1000);
    flood(ring, 200, 300);
    await reader.until((text) => text.length >= 30_000);
    expect(numbersOf(reader.lines)).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });

  it('gives up in time when nobody reads', () => {
    fifo.holdOpen();
    const ring = new LogRing(fifo.openWriter());
    flood(ring, 0, MANY);
    const before = performance.now();
    ring.flushSync(50);
    expect(performance.now() - before).toBeGreaterThanOrEqual(50);
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it('does nothing where a write might wait', async () => {
    const blocking = fifo.openBlocking();
    const ring = new LogRing(blocking, 1000);
    const reader = fifo.openReader();
    ring.append('later');
    ring.flushSync(1000);
    expect(reader.text).toBe('');
    await reader.until((text) => text === 'later\n');
  });

  it('gives up at once when writing fails', () => {
    const ring = new LogRing(openDevFull());
    ring.append('one');
    ring.flushSync(60_000);
  });
});
