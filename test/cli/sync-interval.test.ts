import { describe, expect, it } from 'vitest';
import { parseSyncInterval } from '../../src/cli/sync-interval.ts';

describe('-syncinterval', () => {
  it.each([
    ['60', 60_000],
    ['60ns', 60_000],
    ['60s', 60_000],
    ['1m', 60_000],
    ['10s', 10_000],
    ['1500ms', 1500],
    ['1s', 1000],
    ['10m', 600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseSyncInterval(text)).toBe(ms);
  });

  it.each(['0', '999ms', '601', '11m', '-5s'])('has bounds: %s', (text) => {
    expect(() => parseSyncInterval(text)).toThrow(
      new RangeError(`expected from 1s to 10m0s, found "${text}"`),
    );
  });

  it('is nothing but a duration', () => {
    expect(() => parseSyncInterval('often')).toThrow('time: invalid duration "often"');
  });
});
