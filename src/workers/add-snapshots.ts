/**
 * One page of numbers from those of several processes: which are added up, and which stand for all. Where the numbers come from, and which
 * processes still live, is decided elsewhere. Pure.
 */
import type { HistogramSample, Sample } from '../observe/family.ts';
import type { FamilySnapshot, HistogramSnapshot, NumberSnapshot } from '../observe/metrics.ts';

export type Snapshot = readonly FamilySnapshot[];

/**
 * Gauges that say the same in every process (a version, what is switched on) or tell a moment: a sum would mean nothing. All other gauges
 * are amounts: entries, connections, octets, descriptors.
 */
const NOT_AN_AMOUNT = /_(?:info|enabled|seconds)$/;

/**
 * Adds up counters, histograms and gauges that are amounts, by family and label values. Of other gauges the first snapshot that has a series
 * counts. A family that differs from its namesake in type, labels or buckets is left out: processes of one program have none.
 */
export function addSnapshots(snapshots: readonly Snapshot[]): FamilySnapshot[] {
  const byName = new Map<string, FamilySnapshot>();
  for (const family of snapshots.flat()) {
    const known = byName.get(family.name);
    byName.set(family.name, known === undefined ? family : addFamilies(known, family));
  }
  return [...byName.values()];
}

/** What goes on counting when its process has ended: no gauges, since nothing is left to be measured. */
export function withoutGauges(snapshot: Snapshot): FamilySnapshot[] {
  return snapshot.filter(({ type }) => type !== 'gauge');
}

function addFamilies(one: FamilySnapshot, other: FamilySnapshot): FamilySnapshot {
  if (one.type !== other.type || !sameItems(one.labelNames, other.labelNames)) return one;
  if (one.type !== 'histogram') return addNumbers(one, other as NumberSnapshot);
  const histograms = other as HistogramSnapshot;
  return sameItems(one.bounds, histograms.bounds) ? addHistograms(one, histograms) : one;
}

function addNumbers(one: NumberSnapshot, other: NumberSnapshot): NumberSnapshot {
  const isAmount = one.type === 'counter' || !NOT_AN_AMOUNT.test(one.name);
  const add = (known: Sample, sample: Sample): Sample =>
    isAmount ? { ...known, value: known.value + sample.value } : known;
  return { ...one, samples: merge(one.samples, other.samples, add) };
}

function addHistograms(one: HistogramSnapshot, other: HistogramSnapshot): HistogramSnapshot {
  return { ...one, samples: merge(one.samples, other.samples, addBuckets) };
}

const addBuckets = (one: HistogramSample, other: HistogramSample): HistogramSample => ({
  ...one,
  cumulative: one.cumulative.map((count, bucket) => count + other.cumulative[bucket]),
  count: one.count + other.count,
  sum: one.sum + other.sum,
});

/** By label values, in the order in which they are first seen. */
function merge<Item extends { readonly labelValues: readonly string[] }>(
  ones: readonly Item[],
  others: readonly Item[],
  add: (one: Item, other: Item) => Item,
): Item[] {
  const byLabels = new Map(ones.map((item) => [JSON.stringify(item.labelValues), item]));
  for (const item of others) {
    const key = JSON.stringify(item.labelValues);
    const known = byLabels.get(key);
    byLabels.set(key, known === undefined ? item : add(known, item));
  }
  return [...byLabels.values()];
}

function sameItems<Item>(ones: readonly Item[], others: readonly Item[]): boolean {
  return ones.length === others.length && ones.every((item, index) => item === others[index]);
}
