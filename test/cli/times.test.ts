import { describe, expect, it } from 'vitest';
import { FlagError } from '../../src/cli/flag-error.ts';
import { readFrozenAfter, readGuardTimes } from '../../src/cli/times.ts';

describe('lease and probes', () => {
  it.each([
    { lease: '1s', probe: undefined, leaseMs: 1000, probeIntervalMs: 250 },
    { lease: '500ms', probe: undefined, leaseMs: 500, probeIntervalMs: 125 },
    { lease: '10s', probe: undefined, leaseMs: 10_000, probeIntervalMs: 250 },
    { lease: '10s', probe: '2s', leaseMs: 10_000, probeIntervalMs: 2000 },
    { lease: '1s', probe: '50ms', leaseMs: 1000, probeIntervalMs: 50 },
    { lease: '1s', probe: '250ms', leaseMs: 1000, probeIntervalMs: 250 },
  ])('$lease and $probe', ({ lease, probe, leaseMs, probeIntervalMs }) => {
    expect(readGuardTimes(lease, probe)).toEqual({ leaseMs, probeIntervalMs });
  });

  it.each([
    ['499ms', undefined, '--lease: expected from 500ms to 10s, found "499ms"'],
    ['11s', undefined, '--lease: expected from 500ms to 10s, found "11s"'],
    ['1', undefined, '--lease: time: missing unit in duration "1"'],
    ['1s', '49ms', '--probe-interval: expected from 50ms to 2s, found "49ms"'],
    ['10s', '2001ms', '--probe-interval: expected from 50ms to 2s, found "2001ms"'],
    ['1s', '251ms', '--probe-interval: expected at most a quarter of the lease, 250ms, found "251ms"'],
  ])('refuses %s and %s', (lease, probe, message) => {
    expect(() => readGuardTimes(lease, probe)).toThrow(new FlagError(message));
  });
});

describe('the time after which serve is frozen', () => {
  const times = { leaseMs: 1000, probeIntervalMs: 250 };

  it.each([
    ['3s', 3000],
    ['1s', 1000],
    ['1m', 60_000],
  ])('%s', (text, ms) => {
    expect(readFrozenAfter(text, times)).toBe(ms);
  });

  it.each([
    ['999ms', times, '--frozen-after: expected from 1s to 1m0s, found "999ms"'],
    ['61s', times, '--frozen-after: expected from 1s to 1m0s, found "61s"'],
    [
      '3s',
      { leaseMs: 10_000, probeIntervalMs: 1000 },
      '--frozen-after: expected at least 4 probes, 4s, found "3s"',
    ],
  ])('refuses %s', (text, given, message) => {
    expect(() => readFrozenAfter(text, given)).toThrow(new FlagError(message));
  });
});
