import { expect, it } from 'vitest';
import { summarize } from './summary.ts';
import { WHO_ERROR } from './options.ts';
import type { LoadResult } from './options.ts';

/** A query each millisecond to one target: who answered, after how long; undefined when nobody did. */
const resultOf = (queries: readonly (readonly [who: number, tookMs: number] | undefined)[]): LoadResult => ({
  startNs: '5000000000',
  target: queries.map(() => 0),
  sent: queries.map((_, index) => index * 1_000),
  took: queries.map((query) => (query === undefined ? -1 : query[1] * 1_000)),
  who: queries.map((query) => query?.[0] ?? 0),
  late: queries.map((_, index) => index * 100),
  errors: {},
});

it('counts what nobody answered, and what was answered too late', () => {
  const { asked, lost, lostAtMs, worstLateMs } = summarize(
    resultOf([[1, 1], undefined, [1, 2_001], [1, 2_000], undefined, [1, 1]]),
    0,
    { eventNs: 5_002_000_000n },
  );
  expect({ asked, lost, lostAtMs, worstLateMs }).toEqual({
    asked: 6,
    lost: 3,
    lostAtMs: [-1, 0, 2],
    worstLateMs: 0.5,
  });
});

it('looks at a span of the load alone', () => {
  const { asked, lost, longestGapMs } = summarize(
    resultOf([undefined, [1, 0.5], undefined, [1, 0.5], undefined]),
    0,
    { eventNs: 5_002_000_000n, fromNs: 5_001_000_000n, toNs: 5_004_000_000n },
  );
  expect({ asked, lost, longestGapMs }).toEqual({ asked: 3, lost: 1, longestGapMs: 2 });
});

it('tells how long cluster DNS took for what was asked after the event', () => {
  const took = Array.from({ length: 100 }, (_, index) => [10, (index + 1) / 100] as const);
  const { clusterTookMs } = summarize(resultOf([[10, 500], ...took]), 0, { eventNs: 5_000_500_000n });
  expect(clusterTookMs).toEqual({ median: 0.5, p95: 1 });
});

it('tells who answered when, from the event', () => {
  const { local, cluster, failed, firstClusterMs, backLocalMs, longestGapMs } = summarize(
    resultOf([[1, 0.5], [1, 0.5], undefined, [10, 0.5], [11, 0.5], [WHO_ERROR, 0.5], [1, 0.5], [1, 0.5]]),
    0,
    { eventNs: 5_001_500_000n },
  );
  expect({ local, cluster, failed }).toEqual({ local: 4, cluster: 2, failed: 1 });
  expect({ firstClusterMs, backLocalMs, longestGapMs }).toEqual({
    firstClusterMs: 2,
    backLocalMs: 4.5,
    longestGapMs: 2,
  });
});

it('says that cluster DNS never answered, and that the cache is not back', () => {
  const { firstClusterMs, backLocalMs } = summarize(resultOf([[1, 1], undefined]), 0, {
    eventNs: 5_000_000_000n,
  });
  expect({ firstClusterMs, backLocalMs }).toEqual({ firstClusterMs: undefined, backLocalMs: undefined });
});
