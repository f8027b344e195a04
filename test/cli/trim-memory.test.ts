import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepHeapCollected, keepMemoryTrimmed } from '../../src/cli/trim-memory.ts';
import type { Trim } from '../../src/cli/trim-memory.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('trims again and again', async () => {
  const trim = vi.fn();
  await keepMemoryTrimmed(() => Promise.resolve(trim));
  expect(trim).not.toHaveBeenCalled();
  vi.advanceTimersByTime(30_000);
  expect(trim).toHaveBeenCalledTimes(3);
});

const cannot = (): Promise<Trim> => Promise.reject(new Error('Cannot find function'));

it('looks after the heap where the C library cannot trim', async () => {
  const look = vi.fn();
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
