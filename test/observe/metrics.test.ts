import { describe, expect, it } from 'vitest';
import { SIZE_BUCKETS, SLIM_TIME_BUCKETS, TIME_BUCKETS } from '../../src/observe/buckets.ts';
import { MOST_SERIES } from '../../src/observe/family.ts';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import type { FamilySnapshot } from '../../src/observe/metrics.ts';

function familyOf(registry: MetricRegistry, name: string): FamilySnapshot | undefined {
  return [...registry.families()].find((family) => family.name === name);
}

describe('a family', () => {
  it('without labels shows 0 from the start', () => {
    const registry = new MetricRegistry();
    registry.counter('a_total', 'A.');
    expect(familyOf(registry, 'a_total')).toEqual({
      type: 'counter',
      name: 'a_total',
      help: 'A.',
      labelNames: [],
      samples: [{ labelValues: [], value: 0 }],
    });
  });

  it('with labels appears with its first series', () => {
    const registry = new MetricRegistry();
    const family = registry.gauge('a', 'A.', ['x', 'y']);
    expect(familyOf(registry, 'a')).toBeUndefined();
    family.with('1', '2').value = 7;
    expect(familyOf(registry, 'a')?.samples).toEqual([{ labelValues: ['1', '2'], value: 7 }]);
  });

  it('gives the same series for the same label values', () => {
    const family = new MetricRegistry().counter('a_total', 'A.', ['x', 'y']);
    expect(family.with('1', '2')).toBe(family.with('1', '2'));
    expect(family.with('1', '2')).not.toBe(family.with('2', '1'));
  });

  it('does not mix up values whose concatenation is equal', () => {
    const family = new MetricRegistry().counter('a_total', 'A.', ['x', 'y']);
    expect(family.with('a","b', '')).not.toBe(family.with('a', 'b'));
    expect(family.with('a\0', 'b')).not.toBe(family.with('a', '\0b'));
  });

  it.each([
    ['too few values', ['1']],
    ['too many values', ['1', '2', '3']],
  ])('refuses %s', (_, values) => {
    const family = new MetricRegistry().counter('a_total', 'A.', ['x', 'y']);
    expect(() => family.with(...values)).toThrow(
      `metric a_total takes 2 label values (x, y), got ${values.length}`,
    );
  });

  it('forgets its series when it is cleared', () => {
    const registry = new MetricRegistry();
    const family = registry.gauge('a', 'A.', ['x']);
    family.with('old').value = 1;
    family.clear();
    expect(familyOf(registry, 'a')).toBeUndefined();
    expect(family.with('old').value).toBe(0);
  });

  it('without labels keeps its series when it is cleared, at zero', () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge('a', 'A.');
    const series = gauge.with();
    series.value = 5;
    gauge.clear();
    expect(series.value).toBe(0);
    series.value = 6;
    expect(familyOf(registry, 'a')?.samples).toEqual([{ labelValues: [], value: 6 }]);
  });

  it('sums up in one series what comes after the most series it may have', () => {
    const registry = new MetricRegistry();
    const family = registry.counter('a_total', 'A.', ['x', 'y']);
    for (let index = 0; index < MOST_SERIES; index++) family.with(`${index}`, '').value++;
    family.with('one more', '').value += 2;
    family.with('another', '').value += 3;
    const samples = familyOf(registry, 'a_total')?.samples ?? [];
    expect(samples).toHaveLength(MOST_SERIES + 1);
    expect(samples.at(-1)).toEqual({ labelValues: ['overflow', 'overflow'], value: 5 });
    expect(family.with('17', '').value).toBe(1);
  });
});

describe('asking for a family again', () => {
  it('gives the same family', () => {
    const registry = new MetricRegistry();
    expect(registry.counter('a_total', 'A.', ['x'])).toBe(registry.counter('a_total', 'Other.', ['x']));
    expect(registry.gauge('b', 'B.')).toBe(registry.gauge('b', 'B.'));
    expect(registry.histogram('c', 'C.', [], [1, 2])).toBe(registry.histogram('c', 'C.', [], [1, 2]));
  });

  it.each<[string, (registry: MetricRegistry) => unknown, string]>([
    ['another type', (registry) => registry.gauge('a', 'A.', ['x']), 'metric a is a counter, not a gauge'],
    [
      'a histogram in place of a counter',
      (registry) => registry.histogram('a', 'A.', ['x'], [1]),
      'metric a is a counter, not a histogram',
    ],
    [
      'a counter in place of a histogram',
      (registry) => registry.counter('h', 'H.', ['x']),
      'metric h is a histogram, not a counter',
    ],
    [
      'other labels',
      (registry) => registry.counter('a', 'A.', ['y']),
      'metric a has labels (x), asked for (y)',
    ],
    ['more labels', (registry) => registry.counter('a', 'A.', ['x', 'y']), 'asked for (x, y)'],
    [
      'other buckets',
      (registry) => registry.histogram('h', 'H.', ['x'], [1, 3]),
      'metric h has other buckets',
    ],
  ])('with %s is an error', (_, ask, message) => {
    const registry = new MetricRegistry();
    registry.counter('a', 'A.', ['x']);
    registry.histogram('h', 'H.', ['x'], [1, 2]);
    expect(() => ask(registry)).toThrow(message);
  });
});

describe('what a scraper would refuse', () => {
  it.each<[string, (registry: MetricRegistry) => unknown]>([
    ['a metric name with a dash', (registry) => registry.counter('a-b', 'A.')],
    ['an empty metric name', (registry) => registry.counter('', 'A.')],
    ['a label name with a dot', (registry) => registry.counter('a', 'A.', ['x.y'])],
    ['a label name of Prometheus', (registry) => registry.counter('a', 'A.', ['__name__'])],
    ['a label twice', (registry) => registry.counter('a', 'A.', ['x', 'x'])],
    ['the label le of a histogram', (registry) => registry.histogram('a', 'A.', ['le'], [1])],
    ['no buckets', (registry) => registry.histogram('a', 'A.', [], [])],
    ['equal buckets', (registry) => registry.histogram('a', 'A.', [], [1, 1])],
    ['an infinite bucket', (registry) => registry.histogram('a', 'A.', [], [1, Infinity])],
  ])('%s is an error', (_, make) => {
    expect(() => make(new MetricRegistry())).toThrow(Error);
  });
});

describe('a histogram', () => {
  it('counts a value in the first bucket whose bound it does not exceed', () => {
    const registry = new MetricRegistry();
    const series = registry.histogram('h', 'H.', [], [1, 2, 4]).with();
    for (const value of [0, 1, 1.5, 2, 4, 4.5, 100]) series.observe(value);
    expect(familyOf(registry, 'h')).toMatchObject({
      bounds: [1, 2, 4],
      samples: [{ labelValues: [], cumulative: [2, 4, 5], count: 7, sum: 113 }],
    });
  });

  it('without labels shows zeros from the start and after a clear', () => {
    const registry = new MetricRegistry();
    const family = registry.histogram('h', 'H.', [], [1]);
    const zeros = [{ labelValues: [], cumulative: [0], count: 0, sum: 0 }];
    expect(familyOf(registry, 'h')?.samples).toEqual(zeros);
    family.with().observe(3);
    family.clear();
    expect(familyOf(registry, 'h')?.samples).toEqual(zeros);
  });

  it.each([
    ['TIME_BUCKETS', TIME_BUCKETS, 16, 0.00025, 8.192],
    ['SLIM_TIME_BUCKETS', SLIM_TIME_BUCKETS, 5, 0.00025, 2.5],
    ['SIZE_BUCKETS', SIZE_BUCKETS, 14, 0, 64_000],
  ])('takes %s', (_, buckets, length, first, last) => {
    expect([buckets.length, buckets[0], buckets.at(-1)]).toEqual([length, first, last]);
    expect(() => new MetricRegistry().histogram('h', 'H.', [], buckets)).not.toThrow();
  });
});

describe('the registry', () => {
  it('gives the families by name', () => {
    const registry = new MetricRegistry();
    registry.counter('b_total', 'B.');
    registry.gauge('c', 'C.');
    registry.gauge('a', 'A.');
    const names = [...registry.families()].map((family) => family.name);
    expect(names).toEqual(['a', 'b_total', 'c', 'nodelocaldns_metrics_refresh_failures_total']);
  });

  it('brings gauges up to date until that is taken back', () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge('a', 'A.').with();
    const refresh = (): void => void gauge.value++;
    const takeBack = registry.beforeScrape(refresh);
    registry.beforeScrape(refresh);
    registry.refresh();
    expect(gauge.value).toBe(2);
    takeBack();
    takeBack();
    registry.refresh();
    expect(gauge.value).toBe(3);
  });

  it('counts a refresh that throws, and runs the others', () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge('a', 'A.').with();
    registry.beforeScrape(() => {
      throw new Error('no such file');
    });
    registry.beforeScrape(() => {
      gauge.value = 1;
    });
    registry.refresh();
    expect(gauge.value).toBe(1);
    expect(familyOf(registry, 'nodelocaldns_metrics_refresh_failures_total')?.samples).toEqual([
      { labelValues: [], value: 1 },
    ]);
  });
});
