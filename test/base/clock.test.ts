import { afterEach, expect, it, vi } from 'vitest';
import { SYSTEM_CLOCK } from '../../src/base/clock.ts';

const TEN_YEARS_MS = 10 * 365 * 86_400_000;
afterEach(() => void vi.useRealTimers());

it('the clock of the daemon does not follow the wall clock', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const before = SYSTEM_CLOCK.nowMs();
  vi.setSystemTime(Date.now() + TEN_YEARS_MS);
  const forward = SYSTEM_CLOCK.nowMs();
  vi.setSystemTime(Date.now() - 2 * TEN_YEARS_MS);
  const back = SYSTEM_CLOCK.nowMs();
  expect(forward - before).toBeLessThan(TEN_YEARS_MS / 2);
  expect(forward).toBeGreaterThanOrEqual(before);
  expect(back).toBeGreaterThanOrEqual(forward);
});
