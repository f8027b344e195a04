/** Holds what a Prometheus has scraped against the table of families, name by name. */
import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { Scrape } from '../../support/page.ts';
import type { Prometheus, SeriesLabels } from '../../support/prometheus.ts';
import { toolPath } from '../../support/tools.ts';
import { parseExposition } from '../../observe/parse-exposition.ts';
import { EMPTY_LABELS, FAMILIES, LEFT_OUT } from './families.ts';
import type { FamilyRow } from './families.ts';

const BUCKETS = '_bucket';
const PARTS_OF_HISTOGRAM = [BUCKETS, '_sum', '_count'];

/** Names and types of this job's families of CoreDNS are those of the table, and nothing is there that is left out. */
export async function expectFamilies(prometheus: Prometheus, job: string): Promise<void> {
  const metadata = await prometheus.metadata(job);
  const found = metadata
    .filter(({ metric }) => metric.startsWith('coredns_'))
    .map(({ metric, type }) => `${metric} ${type}`);
  expect(found.toSorted()).toEqual(FAMILIES.map(({ name, type }) => `${name} ${type}`).toSorted());
  expect(metadata.filter(({ help }) => help === '')).toEqual([]);
  const unwanted = metadata.filter(({ metric }) => LEFT_OUT.some(({ names }) => names.test(metric)));
  expect(unwanted).toEqual([]);
}

/** Each family of the table has series, whose labels and buckets are those of the table. */
export async function expectSeries(prometheus: Prometheus, job: string): Promise<void> {
  const series = await prometheus.series(job);
  const found = FAMILIES.map((row) => described(row, series));
  const wanted = FAMILIES.map(({ name, labels, buckets = [] }) => ({
    name,
    labels: labels.filter((label) => !EMPTY_LABELS.has(label)).toSorted(),
    buckets: buckets.toSorted(),
  }));
  expect(found).toEqual(wanted);
}

function described(
  { name, type }: FamilyRow,
  all: readonly SeriesLabels[],
): { name: string; labels: string[]; buckets: string[] } {
  const names = type === 'histogram' ? PARTS_OF_HISTOGRAM.map((part) => name + part) : [name];
  const own = all.filter(({ __name__ }) => names.includes(__name__));
  const labels = new Set(own.flatMap((series) => Object.keys(series)));
  labels.delete('__name__');
  labels.delete('le');
  const bounds = own.filter(({ __name__ }) => __name__ === name + BUCKETS).map(({ le }) => le);
  return { name, labels: [...labels].toSorted(), buckets: [...new Set(bounds)].toSorted() };
}

/** What Prometheus does not keep: empty labels, and the order of labels and buckets. Every series of a family has all of them. */
export function expectOrder(page: string): void {
  const scrape = new Scrape(parseExposition(page));
  for (const { name, labels, buckets = [] } of FAMILIES) {
    const series = scrape.families.get(name)?.series ?? [];
    const orders = series.map((each) => [...each.labels.keys()].filter((label) => label !== 'le').join(' '));
    expect([name, ...new Set(orders)]).toEqual([name, labels.join(' ')]);
    const bounds = series.flatMap((each) => each.labels.get('le') ?? []);
    expect(bounds.slice(0, buckets.length)).toEqual(buckets);
  }
}

/** `promtool check metrics` has nothing to say of the page. */
export function expectNoComplaint(page: string): void {
  const { status, stdout, stderr } = spawnSync(toolPath('promtool'), ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
}
