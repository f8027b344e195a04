import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PassingTrouble } from '../../src/observe/passing-trouble.ts';
import { RecordedLog } from './recorded-log.ts';

const QUIET_MS = 5_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function makeTrouble() {
  const [log, gauge] = [new RecordedLog(), { value: 0 }];
  return { log, gauge, trouble: new PassingTrouble({ log, gauge, over: 'well again', quietMs: QUIET_MS }) };
}

it('trouble is said once, however often it is met, and once when it is over', () => {
  const { log, gauge, trouble } = makeTrouble();
  for (let i = 0; i < 100; i++) {
    trouble.note('no room');
    vi.advanceTimersByTime(QUIET_MS / 2);
  }
  expect(log.lines).toEqual(['warn: no room']);
  expect(gauge.value).toBe(1);
  vi.advanceTimersByTime(2 * QUIET_MS);
  expect(log.lines).toEqual(['warn: no room', 'info: well again']);
  expect(gauge.value).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

it('trouble that comes back is said again', () => {
  const { log, gauge, trouble } = makeTrouble();
  trouble.note('no room');
  vi.advanceTimersByTime(2 * QUIET_MS);
  trouble.note('no room at all');
  expect(log.lines).toEqual(['warn: no room', 'info: well again', 'warn: no room at all']);
  expect(gauge.value).toBe(1);
});

it('trouble is not watched any more after the end', () => {
  const { log, trouble } = makeTrouble();
  trouble.note('no room');
  trouble.close();
  vi.advanceTimersByTime(10 * QUIET_MS);
  expect(log.lines).toEqual(['warn: no room']);
  expect(vi.getTimerCount()).toBe(0);
});
