import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Descriptors, descriptorLimit } from '../../src/observe/descriptors.ts';
import { PassingTrouble } from '../../src/observe/passing-trouble.ts';
import { RecordedLog } from './recorded-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function makeDescriptors(limit: number | undefined) {
  const [log, gauge] = [new RecordedLog(), { value: 0 }];
  const trouble = new PassingTrouble({ log, gauge, over: 'over', quietMs: 5_000 });
  return { log, gauge, descriptors: new Descriptors(limit, trouble) };
}

it.each([
  ['a quarter of few', 256, 191],
  ['256 of many', 65_536, 65_279],
])('the last ones are not for clients: %s', (_, limit, last) => {
  const { log, gauge, descriptors } = makeDescriptors(limit);
  expect(descriptors.mayServe(last)).toBe(true);
  expect(log.lines).toEqual([]);
  expect(descriptors.mayServe(last + 1)).toBe(false);
  expect(descriptors.mayServe(last + 2)).toBe(false);
  expect(log.lines).toEqual([
    'warn: few file descriptors are left: no more TCP connections of clients are taken',
  ]);
  expect(gauge.value).toBe(1);
});

it('without a limit clients have all', () => {
  expect(makeDescriptors(undefined).descriptors.mayServe(1_000_000)).toBe(true);
});

it('the limit is that of this process', () => {
  expect(descriptorLimit()).toBeGreaterThan(100);
});

it('as long as there are some, a look says nothing, and no look comes after the end', () => {
  const { log, descriptors } = makeDescriptors(1024);
  descriptors.watch();
  descriptors.watch();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(10_000);
  descriptors.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(log.lines).toEqual([]);
});
