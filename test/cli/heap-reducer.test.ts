import { readFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { anonymousOctets } from '../../src/cli/anonymous-memory.ts';
import { HeapReducer } from '../../src/cli/heap-reducer.ts';

const MIB = 1024 * 1024;

/** Makes garbage of all ages, and has it taken away. Prints what it holds, and how many whole collections have begun since by marking first. */
const PROGRAM = `
import { PerformanceObserver, constants } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { HeapReducer } from ${JSON.stringify(new URL('../../src/cli/heap-reducer.ts', import.meta.url).href)};
import { anonymousOctets } from ${JSON.stringify(new URL('../../src/cli/anonymous-memory.ts', import.meta.url).href)};
const mib = () => anonymousOctets() / ${MIB};
const reducer = new HeapReducer();
const startMib = mib();
for (let round = 0, kept = []; round < 60; round++) {
  if (round % 10 === 0) kept = [];
  for (let index = 0; index < 20_000; index++) kept.push({ index, text: String(index), list: [index] });
  await delay(1);
}
const grownMib = mib();
let collections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) collections++;
  }
}).observe({ entryTypes: ['gc'] });
let endMib = Infinity;
// A collection may be under way that is not to reduce; then it is the next look that helps.
for (let left = 100; left > 0 && endMib > startMib + 15; left--) {
  if (left % 20 === 0) reducer.look();
  await delay(50);
  endMib = mib();
}
console.log(JSON.stringify({ startMib, grownMib, endMib, collections }));
`;
const SECONDS = 1000;

let totalMib: number;
let usedMib: number;
let residentMib: number;
let nowMs: number;
let processorMs: number;
/** Of a processor. */
let share: number;
/** When it was asked to become small, and when a collection was brought about. */
let begunSeconds: number[];
let reducedSeconds: number[];
const reduce = vi.fn();
const preferSmall = vi.fn();

beforeEach(() => {
  [totalMib, usedMib, residentMib, nowMs] = [20, 14, 30, 0];
  [processorMs, share, begunSeconds, reducedSeconds] = [0, 0.5, [], []];
  reduce.mockReset();
  preferSmall.mockReset();
  reduce.mockImplementation(() => reducedSeconds.push(nowMs / SECONDS));
  preferSmall.mockImplementation((isPreferred: boolean) => {
    if (isPreferred) begunSeconds.push(nowMs / SECONDS);
  });
});

const make = (): HeapReducer =>
  new HeapReducer(
    {
      read: () => ({
        totalOctets: totalMib * MIB,
        usedOctets: usedMib * MIB,
        residentOctets: residentMib * MIB,
      }),
      processorMs: () => processorMs,
      preferSmall,
      reduce,
    },
    () => nowMs,
  );

/** Looks each ten seconds for so long. */
function goOn(reducer: HeapReducer, forMs: number): void {
  for (const endMs = nowMs + forMs; nowMs < endMs;) {
    nowMs += 10 * SECONDS;
    processorMs += share * 10 * SECONDS;
    reducer.look();
  }
}

describe('a heap', () => {
  it.each([
    [23.9, 30, 0],
    [24, 30, 1],
    [20, 33.9, 0],
    [20, 34, 1],
    [20, Number.NaN, 0],
  ])(
    'of 20 MiB in 30 that grew to %d in %d is asked to become small %d times',
    (grownMib, grownResidentMib, times) => {
      const reducer = make();
      [totalMib, residentMib] = [grownMib, grownResidentMib];
      reducer.look();
      expect(begunSeconds).toHaveLength(times);
    },
  );

  it('whose memory could not be read at first is measured by what was read later', () => {
    residentMib = Number.NaN;
    const reducer = make();
    residentMib = 30;
    reducer.look();
    residentMib = 34;
    reducer.look();
    expect(begunSeconds).toHaveLength(1);
  });

  it('is left alone as soon as it is small', () => {
    const reducer = make();
    totalMib = 40;
    reducer.look();
    expect(preferSmall.mock.calls).toEqual([[true]]);
    totalMib = 21;
    goOn(reducer, 600 * SECONDS);
    expect(preferSmall.mock.calls).toEqual([[true], [false]]);
    expect(reduce).not.toHaveBeenCalled();
  });

  it('that has become smaller than ever is measured by that', () => {
    const reducer = make();
    [totalMib, residentMib] = [12, 20];
    reducer.look();
    totalMib = 16;
    reducer.look();
    expect(begunSeconds).toHaveLength(1);
  });

  it('does not become larger little by little', () => {
    const reducer = make();
    for (totalMib = 21; totalMib < 28; totalMib++) goOn(reducer, 60 * SECONDS);
    expect(begunSeconds[0]).toBe(190);
  });

  it('that V8 does not reduce is collected after ten seconds, and once more', () => {
    const reducer = make();
    totalMib = 40;
    reducer.look();
    goOn(reducer, 50 * SECONDS);
    expect(reducedSeconds).toEqual([10, 20]);
    expect(preferSmall.mock.calls).toEqual([[true], [false]]);
  });

  it('in which too much lives is left to V8', () => {
    usedMib = 25;
    const reducer = make();
    totalMib = 60;
    goOn(reducer, 60 * SECONDS);
    expect(begunSeconds).toEqual([10]);
    expect(reduce).not.toHaveBeenCalled();
  });

  it('that stays large is tried again later and later, and at last every eight minutes', () => {
    const reducer = make();
    totalMib = 40;
    reducer.look();
    goOn(reducer, 1_500 * SECONDS);
    expect(begunSeconds).toEqual([0, 120, 360, 840, 1320]);
    expect(preferSmall.mock.calls.slice(0, 4)).toEqual([[true], [false], [true], [false]]);
  });

  it.each([
    { shares: [0.5, 0.5, 0.5] },
    // Calm is seen in the load's last look but one, and what is collected then is not all.
    { shares: [0.5, 0.5, 0.5, 0.2, 0.2] },
    { shares: Array.from({ length: 100 }, () => 0.5) },
  ])('that grew under a load is small again within 40 s of its end: $shares', ({ shares }) => {
    const reducer = make();
    totalMib = 40;
    reducer.look();
    for (share of shares) goOn(reducer, 10 * SECONDS);
    share = 0;
    reduce.mockImplementation(() => (totalMib = 21));
    goOn(reducer, 40 * SECONDS);
    expect(totalMib).toBe(21);
  });

  it.each([
    { load: 0.5, times: 2 * 7 },
    { load: 0.019, times: 2 * 2 },
  ])(
    'that stays large in 250 s of a load of $load that comes and goes is reduced $times times',
    ({ load, times }) => {
      const reducer = make();
      totalMib = 40;
      share = load;
      goOn(reducer, 10 * SECONDS);
      for (let count = 0; count < 6; count++) {
        share = 0;
        goOn(reducer, 20 * SECONDS);
        share = load;
        goOn(reducer, 20 * SECONDS);
      }
      expect(reduce).toHaveBeenCalledTimes(times);
    },
  );

  it('that a start has left large is reduced too', () => {
    usedMib = 8;
    make().look();
    expect(begunSeconds).toHaveLength(1);
  });

  it.each([
    { next: 0.3, seconds: [1320] },
    { next: 0.2, seconds: [920, 1040, 1280] },
  ])(
    'that stayed large under a load of 0.5 is tried again at $seconds s under one of $next',
    ({ next, seconds }) => {
      const reducer = make();
      totalMib = 40;
      reducer.look();
      goOn(reducer, 910 * SECONDS);
      begunSeconds = [];
      share = next;
      goOn(reducer, 500 * SECONDS);
      expect(begunSeconds).toEqual(seconds);
    },
  );

  it('that grows again and again is reduced every minute at most', () => {
    const reducer = make();
    for (let count = 0; count < 6; count++) {
      totalMib = 30;
      goOn(reducer, 10 * SECONDS);
      totalMib = 20;
      goOn(reducer, 10 * SECONDS);
    }
    expect(begunSeconds).toEqual([10, 70]);
  });

  it('gives back what a burst has left, with V8’s pool of free pages, in collections beside the program', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM]);
    const { startMib, grownMib, endMib, collections } = JSON.parse(stdout) as Record<string, number>;
    expect(grownMib).toBeGreaterThan(startMib + 50);
    expect(endMib).toBeLessThan(startMib + 15);
    expect(collections).toBeGreaterThanOrEqual(1);
  });

  it('is judged without its memory where no descriptor is left to read that', () => {
    expect(anonymousOctets('/proc/self/nothing')).toBeNaN();
    const told = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    expect(Math.abs(anonymousOctets() - Number(told) * 1024)).toBeLessThan(4 * MIB);
  });
});
