import { describe, expect, it } from 'vitest';
import { median, medianRatio, percentile } from './statistics.ts';

describe('the median', () => {
  it.each([
    ['of one number', [7], 7],
    ['of an odd count, in any order', [30, 1, 2], 2],
    ['of an even count, between the two in the middle', [4, 1, 100, 2], 3],
    ['of numbers that sort otherwise as text', [10, 9, 100], 10],
    ['of nothing', [], Number.NaN],
  ])('%s', (_name, numbers, expected) => {
    expect(median(numbers)).toBe(expected);
  });

  it('leaves the order of its numbers alone', () => {
    const numbers = [3, 1, 2];
    median(numbers);
    expect(numbers).toEqual([3, 1, 2]);
  });
});

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  it.each([
    ['the 50th of 1 to 100', hundred, 50, 50],
    ['the 99th of 1 to 100', hundred, 99, 99],
    ['the 100th is the largest', hundred, 100, 100],
    ['the 0th is the smallest', hundred, 0, 1],
    ['the 99th of few is the largest', [1, 2, 3], 99, 3],
    ['of nothing', [], 99, Number.NaN],
  ])('%s', (_name, numbers, percent, expected) => {
    expect(percentile(numbers, percent)).toBe(expected);
  });
});

describe('the ratio of two servers', () => {
  it('compares round by round, so that a slow minute of the machine counts for both', () => {
    expect(medianRatio([10, 20, 10], [5, 10, 5])).toBe(2);
    expect(medianRatio([6, 60, 9], [3, 20, 3])).toBe(3);
  });

  it('leaves out rounds that one of them lacks', () => {
    expect(medianRatio([4, 4], [2])).toBe(2);
  });

  it('is none where there is no round', () => {
    expect(medianRatio([1], [])).toBeNaN();
  });
});
