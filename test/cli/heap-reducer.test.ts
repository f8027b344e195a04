import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HeapReducer } from '../../src/cli/heap-reducer.ts';

const MIB = 1024 * 1024;
const SECONDS = 1000;

let totalMib: number;
let liveMib: number;
let nowMs: number;
let processorMs: number;
/** Of a processor. */
let share: number;
const preferSmall = vi.fn();
const collect = vi.fn();

beforeEach(() => {
  [totalMib, liveMib, nowMs] = [20, 14, 0];
  [processorMs, share] = [0, 0.5];
  preferSmall.mockReset();
  collect.mockReset();
});

const make = (): HeapReducer =>
  new HeapReducer(
    {
      read: () => ({ totalOctets: totalMib * MIB, usedOctets: liveMib * MIB }),
      processorMs: () => processorMs,
      preferSmall,
      collect,
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
    [23.9, 0],
    [24, 1],
  ])('that grew from 20 to %d MiB is asked to become small %d times', (grownMib, times) => {
    const reducer = make();
    totalMib = grownMib;
    reducer.look();
    expect(preferSmall).toHaveBeenCalledTimes(times);
  });

  it('is left alone again as soon as it is small', () => {
    const reducer = make();
    totalMib = 40;
    reducer.look();
    expect(preferSmall.mock.lastCall).toEqual([true]);
    totalMib = 21;
    goOn(reducer, 10 * SECONDS);
    expect(preferSmall.mock.lastCall).toEqual([false]);
    expect(collect).not.toHaveBeenCalled();
  });

  it('that has become smaller than ever is measured by that', () => {
    const reducer = make();
    totalMib = 12;
    reducer.look();
    totalMib = 16;
    reducer.look();
    expect(preferSmall).toHaveBeenCalledTimes(1);
  });

  it('that V8 does not reduce is collected once, so that it does', () => {
    const reducer = make();
    totalMib = 40;
    reducer.look();
    expect(collect).not.toHaveBeenCalled();
    goOn(reducer, 10 * SECONDS);
    expect(collect).toHaveBeenCalledTimes(1);
    goOn(reducer, 40 * SECONDS);
    expect(collect).toHaveBeenCalledTimes(1);
  });

  it('in which too much lives is not collected in one go', () => {
    liveMib = 25;
    const reducer = make();
    totalMib = 60;
    goOn(reducer, 60 * SECONDS);
    expect(preferSmall).toHaveBeenCalled();
    expect(collect).not.toHaveBeenCalled();
  });

  it('that stays large is tried again later and later, and at last every eight minutes', () => {
    const reducer = make();
    totalMib = 40;
    const begunSeconds: number[] = [];
    preferSmall.mockImplementation((isPreferred: boolean) => {
      if (isPreferred) begunSeconds.push(nowMs / SECONDS);
    });
    reducer.look();
    goOn(reducer, 1_500 * SECONDS);
    expect(begunSeconds).toEqual([0, 120, 360, 840, 1320]);
    expect(preferSmall.mock.calls.slice(0, 4)).toEqual([[true], [false], [true], [false]]);
  });

  it('that was large for long is small again once nobody needs it', () => {
    const reducer = make();
    totalMib = 40;
    reducer.look();
    goOn(reducer, 200 * SECONDS);
    expect(preferSmall.mock.lastCall).toEqual([false]);
    goOn(reducer, 160 * SECONDS);
    expect(preferSmall.mock.lastCall).toEqual([true]);
    totalMib = 21;
    goOn(reducer, 10 * SECONDS);
    expect(preferSmall.mock.lastCall).toEqual([false]);
  });

  it.each([
    { shares: [0.5, 0.5, 0.5], seconds: 40 },
    // Calm is seen in the load's last look but one, and what is collected then is not all.
    { shares: [0.5, 0.5, 0.5, 0.2, 0.2], seconds: 50 },
  ])(
    'that grew under a load of $shares, which ends during a reduction, is small again within $seconds s of its end',
    ({ shares, seconds }) => {
      const reducer = make();
      totalMib = 40;
      reducer.look();
      for (share of shares) goOn(reducer, 10 * SECONDS);
      expect(collect).toHaveBeenCalled();
      share = 0;
      const endedMs = nowMs;
      collect.mockImplementation(() => (totalMib = 21));
      while (preferSmall.mock.lastCall?.[0] === true && nowMs < 300 * SECONDS) goOn(reducer, 10 * SECONDS);
      expect(totalMib).toBe(21);
      expect(nowMs - endedMs).toBeLessThanOrEqual(seconds * SECONDS);
    },
  );

  it.each([
    { load: 0.5, times: 7 },
    { load: 0.019, times: 2 },
  ])(
    'that stays large in 250 s of a load of $load that comes and goes is collected $times times',
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
      expect(collect).toHaveBeenCalledTimes(times);
    },
  );

  it('that a start has left large is asked to become small too', () => {
    liveMib = 8;
    make().look();
    expect(preferSmall).toHaveBeenCalledTimes(1);
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
      preferSmall.mockClear();
      const begunSeconds: number[] = [];
      preferSmall.mockImplementation((isPreferred: boolean) => {
        if (isPreferred) begunSeconds.push(nowMs / SECONDS);
      });
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
    expect(preferSmall.mock.calls).toEqual([[true], [false], [true], [false]]);
  });

  it('is read without a file: the process lives on where no descriptor is left', () => {
    const noDescriptor = vi.spyOn(process, 'memoryUsage').mockImplementation(() => {
      throw new Error('EMFILE: too many open files, uv_resident_set_memory');
    });
    try {
      expect(() => new HeapReducer().look()).not.toThrow();
    } finally {
      noDescriptor.mockRestore();
    }
  });
});
