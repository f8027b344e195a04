import { describe, expect, it } from 'vitest';
import { formatFloods, ratio } from './flood-summary.ts';
import type { FloodRound, HitFigures } from './flood-summary.ts';

const figures = (p50Ms: number): HitFigures => ({
  answersPerSecond: 5_000,
  lost: 0,
  p50Ms,
  p90Ms: 2 * p50Ms,
  p99Ms: 10 * p50Ms,
  processorShare: 0.25,
});

const round = (calm: number, flooded: number): FloodRound => ({
  calm: figures(calm),
  flooded: figures(flooded),
});

describe('hits beside a flood', () => {
  it('are compared round by round, since rounds see different neighbours', () => {
    expect(ratio([round(1, 2), round(10, 30), round(100, 100)], 'p50Ms')).toBe(2);
  });

  it('stand under the same in peace', () => {
    expect(formatFloods([['ours', [round(0.1, 0.15)]]]).split('\n')).toEqual([
      'server     p50 ms  p90 ms  p99 ms  answers/s  lost  cpu %',
      'ours         0.10    0.20    1.00      5,000     0     25',
      '  flooded    0.15    0.30    1.50      5,000     0     25',
      '  ×           1.5     1.5     1.5',
    ]);
  });
});
