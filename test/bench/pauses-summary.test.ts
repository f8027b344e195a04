import { describe, expect, it } from 'vitest';
import { formatPauses, pausesOf } from './pauses-summary.ts';

describe('a minute of answers', () => {
  const latencies = [...Array.from({ length: 998 }, () => 0.1), 15, 30];

  it('is known by its longest ones', () => {
    expect(pausesOf(latencies)).toEqual({ p50Ms: 0.1, p99Ms: 0.1, p999Ms: 15, longestMs: 30, long: 1 });
  });

  const report = {
    rate: 10_000,
    completed: 600_000,
    lost: 3,
    seconds: 60.01,
    scrapes: 11,
    reloads: 1,
    lines: 1_100,
    pauses: pausesOf(latencies),
  };

  it('is told with what happened beside it', () => {
    const collections = { count: 34, longestMs: 3.14, totalMs: 60 };
    expect(formatPauses('ours', { ...report, collections }).split('\n')).toEqual([
      'ours: 60 s of 10,000 hits a second, 11 scrapes, 1 reload, 1100 lines of errors',
      '  600,000 answers, 3 lost; p50 0.10 ms, p99 0.10, p99.9 15.00',
      '  longest answer 30.0 ms; 1 took more than 20 ms',
      '  34 collections, the longest 3.1 ms, 0.10 % of the time',
    ]);
  });

  it('is told without collections where nobody told of them', () => {
    expect(formatPauses('unbound', { ...report, collections: undefined }).split('\n')).toHaveLength(3);
  });
});
