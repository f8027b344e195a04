import { describe, expect, it } from 'vitest';
import { MetricRegistry } from '../../src/observe/metrics.ts';
import type { FamilySnapshot } from '../../src/observe/metrics.ts';
import { addSnapshots, withoutGauges } from '../../src/workers/add-snapshots.ts';
import type { Snapshot } from '../../src/workers/add-snapshots.ts';

/** What a process with these metrics gives; its registry's own families are not shown. */
function snapshot(fill: (metrics: MetricRegistry) => void): Snapshot {
  const own = new Set(Array.from(new MetricRegistry().families(), ({ name }) => name));
  const metrics = new MetricRegistry();
  fill(metrics);
  return [...metrics.families()].filter(({ name }) => !own.has(name));
}

const counters = (values: Readonly<Record<string, number>>): Snapshot =>
  snapshot((metrics) => {
    const family = metrics.counter('asked_total', 'Asked.', ['type']);
    for (const [type, value] of Object.entries(values)) family.with(type).value = value;
  });

const observing = (...values: number[]): Snapshot =>
  snapshot((metrics) => {
    const series = metrics.histogram('took', 'Took.', ['zone'], [1, 2]).with('.');
    for (const value of values) series.observe(value);
  });

const gauge = (name: string, labels: readonly string[], value: number): Snapshot =>
  snapshot((metrics) => {
    metrics
      .gauge(
        name,
        'A gauge.',
        labels.map((_, index) => `label${index}`),
      )
      .with(...labels).value = value;
  });

/** `labels value` of each series of a family of numbers. */
function seriesOf(families: readonly FamilySnapshot[], name: string): string[] {
  const family = families.find((item) => item.name === name);
  if (family === undefined || family.type === 'histogram') return [];
  return family.samples.map(({ labelValues, value }) => [...labelValues, value].join(' '));
}

describe('adding snapshots', () => {
  it('sums counters by labels, and keeps series that only one has', () => {
    const sum = addSnapshots([
      counters({ A: 1, AAAA: 2 }),
      counters({ A: 10, MX: 20 }),
      counters({ A: 100 }),
    ]);
    expect(sum.map(({ name }) => name)).toEqual(['asked_total']);
    expect(seriesOf(sum, 'asked_total')).toEqual(['A 111', 'AAAA 2', 'MX 20']);
  });

  it('keeps families that only one has', () => {
    const sum = addSnapshots([counters({ A: 1 }), gauge('entries', [], 5)]);
    expect(sum.map(({ name }) => name)).toEqual(['asked_total', 'entries']);
  });

  it.each(['entries', 'open_fds', 'resident_memory_bytes', 'tcp_connections'])(
    'sums the amount %s',
    (name) => {
      expect(seriesOf(addSnapshots([gauge(name, [], 3), gauge(name, [], 4)]), name)).toEqual(['7']);
    },
  );

  it.each(['build_info', 'plugin_enabled', 'start_time_seconds', 'reload_timestamp_seconds'])(
    'shows %s once, as the first has it',
    (name) => {
      const sum = addSnapshots([gauge(name, ['a'], 1), gauge(name, ['a'], 9), gauge(name, ['b'], 1)]);
      expect(seriesOf(sum, name)).toEqual(['a 1', 'b 1']);
    },
  );

  it('sums histograms bucket by bucket', () => {
    const [family] = addSnapshots([observing(0.5, 1.5), observing(1.5, 8)]);
    expect(family).toMatchObject({
      type: 'histogram',
      samples: [{ labelValues: ['.'], cumulative: [1, 3], count: 4, sum: 11.5 }],
    });
  });

  it('changes none of what it adds', () => {
    const [one, other] = [counters({ A: 1 }), counters({ A: 2 })];
    const before = structuredClone([one, other]);
    addSnapshots([one, other]);
    expect([one, other]).toEqual(before);
  });

  it.each([
    ['another type', gauge('asked_total', ['A'], 5)],
    ['other labels', snapshot((metrics) => void (metrics.counter('asked_total', 'Asked.').with().value = 5))],
  ])('leaves out a namesake with %s', (_, other) => {
    expect(seriesOf(addSnapshots([counters({ A: 1 }), other]), 'asked_total')).toEqual(['A 1']);
  });

  it('gives nothing of nothing', () => {
    expect(addSnapshots([])).toEqual([]);
    expect(addSnapshots([[], []])).toEqual([]);
  });
});

it('keeps of a process that has ended what was counted, and nothing that was measured', () => {
  const kept = withoutGauges([...counters({ A: 1 }), ...gauge('entries', [], 5)]);
  expect(kept.map(({ name }) => name)).toEqual(['asked_total']);
});
