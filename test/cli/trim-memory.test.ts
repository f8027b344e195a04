import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HeapCollector, keepHeapCollected, keepMemoryTrimmed } from '../../src/cli/trim-memory.ts';
import type { Heap, Trim } from '../../src/cli/trim-memory.ts';

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
  let totalOctets = 0;
  const collect = vi.fn();
  const read = (): Heap => ({ totalOctets, usedOctets: 0 });
  await keepMemoryTrimmed(cannot, new HeapCollector(read, collect, () => 0));
  totalOctets = 2 ** 30;
  vi.advanceTimersByTime(10_000);
  expect(collect).toHaveBeenCalledTimes(1);
});

it.each([
  { name: 'that has not grown by much', liveMib: 10, totalMib: 23.9, collections: 0 },
  { name: 'that has grown', liveMib: 10, totalMib: 24, collections: 1 },
  {
    name: 'that has grown, and lives too much to be collected in one go',
    liveMib: 25,
    totalMib: 60,
    collections: 0,
  },
])('of a heap $name: $collections collections', ({ liveMib, totalMib, collections }) => {
  const mib = 1024 * 1024;
  let heap = { totalOctets: 20 * mib, usedOctets: liveMib * mib };
  const collect = vi.fn();
  const collector = new HeapCollector(
    () => heap,
    collect,
    () => 0,
  );
  collector.look();
  expect(collect).not.toHaveBeenCalled();
  heap = { totalOctets: totalMib * mib, usedOctets: totalMib * mib };
  collector.look();
  expect(collect).toHaveBeenCalledTimes(collections);
});

it('collects a heap that grows again and again every minute only', () => {
  const mib = 1024 * 1024;
  let totalOctets = 20 * mib;
  let nowMs = 0;
  const collect = vi.fn(() => void (totalOctets = 20 * mib));
  const collector = new HeapCollector(
    () => ({ totalOctets, usedOctets: 10 * mib }),
    collect,
    () => nowMs,
  );
  for (const [atMs, collections] of [
    [0, 1],
    [59_999, 1],
    [60_000, 2],
  ]) {
    totalOctets = 30 * mib;
    nowMs = atMs;
    collector.look();
    expect(collect).toHaveBeenCalledTimes(collections);
  }
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
