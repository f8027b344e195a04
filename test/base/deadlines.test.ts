import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines, NOWHERE } from '../../src/base/deadlines.ts';

/** The clock that vitest's timers move. */
const clock = { nowMs: () => Date.now() };

/** Expires `afterMs` from now, and keeps when it was told so. */
const item = (afterMs: number, then: () => void = () => undefined) => {
  const startMs = Date.now();
  const made = {
    deadlineMs: startMs + afterMs,
    deadlinePlace: NOWHERE,
    toldAfterMs: [] as number[],
    expire() {
      made.toldAfterMs.push(Date.now() - startMs);
      then();
    },
  };
  return made;
};

describe('Deadlines', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells each once, at its time, in whatever order they were added', () => {
    const deadlines = new Deadlines(clock);
    const items = [300, 100, 200].map((ms) => item(ms));
    for (const one of items) deadlines.add(one);
    vi.advanceTimersByTime(10_000);
    expect(items.map(({ toldAfterMs }) => toldAfterMs)).toEqual([[300], [100], [200]]);
  });

  it('is at most 5 ms late where one deadline follows the other', () => {
    const deadlines = new Deadlines(clock);
    const items = Array.from({ length: 100 }, (_, index) => item(100 + index));
    for (const one of items) deadlines.add(one);
    vi.advanceTimersByTime(1_000);
    const late = items.map(({ toldAfterMs }, index) => (toldAfterMs[0] ?? Infinity) - 100 - index);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(5);
  });

  it('does not tell what was deleted, and leaves no timer behind', () => {
    const deadlines = new Deadlines(clock);
    const [first, second] = [item(100), item(200)];
    deadlines.add(first);
    deadlines.add(second);
    deadlines.delete(first);
    expect(vi.getTimerCount()).toBe(1);
    deadlines.delete(second);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect([first, second].map(({ toldAfterMs }) => toldAfterMs)).toEqual([[], []]);
  });

  it('tells what has passed already', () => {
    const deadlines = new Deadlines(clock);
    const passed = item(-50);
    deadlines.add(passed);
    vi.advanceTimersByTime(1);
    expect(passed.toldAfterMs).toEqual([1]);
  });

  it('takes what is added while others are told', () => {
    const deadlines = new Deadlines(clock);
    const late = { deadlineMs: Date.now() + 150, deadlinePlace: NOWHERE, expire: vi.fn() };
    deadlines.add(item(100, () => deadlines.add(late)));
    vi.advanceTimersByTime(149);
    expect(late.expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(late.expire).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits longer than a timer can', () => {
    const deadlines = new Deadlines(clock);
    const far = item(0x7fff_ffff + 1_000);
    deadlines.add(far);
    vi.advanceTimersByTime(0x7fff_ffff);
    expect(far.toldAfterMs).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(far.toldAfterMs).toEqual([0x7fff_ffff + 1_000]);
  });

  it('believes its timer where the clock is a moment behind', () => {
    const standing = { nowMs: () => 1_000 };
    const expire = vi.fn();
    new Deadlines(standing).add({ deadlineMs: 1_100, deadlinePlace: NOWHERE, expire });
    vi.advanceTimersByTime(100);
    expect(expire).toHaveBeenCalledOnce();
  });
});
