import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HeapCollector, keepMemoryTrimmed } from '../../src/cli/trim-memory.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('trims again and again', async () => {
  const trim = vi.fn();
  await keepMemoryTrimmed(() => Promise.resolve(trim));
  expect(trim).not.toHaveBeenCalled();
  vi.advanceTimersByTime(30_000);
  expect(trim).toHaveBeenCalledTimes(3);
});

it('does nothing where the C library cannot', async () => {
  await keepMemoryTrimmed(() => Promise.reject(new Error('Cannot find function')));
  expect(vi.getTimerCount()).toBe(0);
});

it.each([
  { name: 'that has not grown by much', totalMib: 23.9, usedMib: 10, collections: 0 },
  { name: 'that has grown', totalMib: 24, usedMib: 10, collections: 1 },
  {
    name: 'that has grown, and is too large to be collected in one go',
    totalMib: 40,
    usedMib: 25,
    collections: 0,
  },
])('of a heap $name: $collections collections', ({ totalMib, usedMib, collections }) => {
  const mib = 1024 * 1024;
  let heap = { totalOctets: 20 * mib, usedOctets: 10 * mib };
  const collect = vi.fn();
  const collector = new HeapCollector(
    () => heap,
    collect,
    () => 0,
  );
  collector.look();
  expect(collect).not.toHaveBeenCalled();
  heap = { totalOctets: totalMib * mib, usedOctets: usedMib * mib };
  collector.look();
  // What is left after a collection is what the heap needs.
  collector.look();
  expect(collect).toHaveBeenCalledTimes(collections);
});

it('collects a heap that grows again and again every ten minutes only', () => {
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
    [599_999, 1],
    [600_000, 2],
  ]) {
    totalOctets = 30 * mib;
    nowMs = atMs;
    collector.look();
    expect(collect).toHaveBeenCalledTimes(collections);
  }
});
