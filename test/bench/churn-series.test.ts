import { expect, it } from 'vitest';
import { MemorySeries } from './churn-series.ts';

it('memory is told as it comes, and by its halves when all is over', () => {
  const series = new MemorySeries(24);
  series.asked(1_000_000, 2);
  expect(series.note(10, 70.04)).toBe('  10 s: 70.0, 1,000,000 answered');
  series.note(20, 90);
  series.note(30, 80);
  series.asked(1_000_000, 1);
  series.note(40, 82);
  series.after(30);
  expect(series.summary().split('\n')).toEqual([
    '2,000,000 answered in 40 s, 3 lost',
    'start 24.0, most 90.0, first half 80.0, second half 81.0, after it 30.0',
  ]);
});
