import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepMemoryTrimmed } from '../../src/cli/trim-memory.ts';

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
