import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepHeapCollected, keepMemoryTrimmed } from '../../src/cli/trim-memory.ts';
import type { Trim } from '../../src/cli/trim-memory.ts';

const MIB = 1024 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('trims as long as memory grows or goes back, or cannot be looked at', async () => {
  const trim = vi.fn();
  const seen = [20 * MIB, 21 * MIB, 21 * MIB + 1000, 21 * MIB, 20.7 * MIB, NaN, NaN, 20 * MIB, 20 * MIB];
  const octets = [...seen];
  await keepMemoryTrimmed(() => Promise.resolve(trim), { look: () => octets.shift() ?? 0 });
  const trims = seen.map(() => {
    trim.mockClear();
    vi.advanceTimersByTime(10_000);
    return trim.mock.calls.length;
  });
  expect(trims).toEqual([1, 1, 0, 0, 1, 1, 1, 1, 0]);
});

const cannot = (): Promise<Trim> => Promise.reject(new Error('Cannot find function'));

it('looks after the heap where the C library cannot trim', async () => {
  const look = vi.fn(() => 0);
  await keepMemoryTrimmed(cannot, { look });
  expect(look).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10_000);
  expect(look).toHaveBeenCalledTimes(1);
});

it('collects the heap of a guard after its start, and then each two minutes', () => {
  const collect = vi.fn();
  keepHeapCollected(collect);
  for (const [afterMs, collections] of [
    [9999, 0],
    [1, 1],
    [109_999, 1],
    [1, 2],
    [120_000, 3],
  ]) {
    vi.advanceTimersByTime(afterMs);
    expect(collect).toHaveBeenCalledTimes(collections);
  }
});
