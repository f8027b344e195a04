/**
 * What a scrape gets: families in Prometheus's text format 0.0.4, rendered by prom-client. It is loaded only
 * where somebody may scrape, since it costs memory that a node without Prometheus need not pay. Its metrics hold no numbers of
 * ours: their `get` is replaced by one that gives a snapshot. That is no documented interface, so its version is pinned and a test reads
 * the output.
 */
import type { Gauge as PromGauge, Metric } from 'prom-client';
import type { HttpAnswer } from './http-types.ts';
import type { FamilySnapshot, HistogramSnapshot, NumberSnapshot } from './metrics.ts';

/** One line of the exposition as prom-client's registry takes it; `sharedLabels` are rendered once per object. */
interface Line {
  readonly metricName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly sharedLabels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Loads prom-client: at the first scrape it would stop the process for 50 ms, and everybody who asks would wait. */
export async function loadExposition(): Promise<void> {
  await import('prom-client');
}

/** Renders these families, ordered by name. */
export async function exposeFamilies(families: readonly FamilySnapshot[]): Promise<HttpAnswer> {
  const { Gauge, Registry } = await import('prom-client');
  const page = new Registry();
  const ordered = families.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  for (const family of ordered) page.registerMetric(asMetric(Gauge, family));
  return { status: 200, contentType: page.contentType, body: await page.metrics() };
}

/** A gauge by birth; what a scrape shows, its type too, is what `get` gives. */
function asMetric(Gauge: typeof PromGauge, family: FamilySnapshot): Metric {
  const { name, help, type } = family;
  const values = type === 'histogram' ? histogramLines(family) : numberLines(family);
  const get = (): Promise<object> => Promise.resolve({ name, help, type, aggregator: 'sum', values });
  return Object.assign(new Gauge({ name, help: name, registers: [] }), { get });
}

function numberLines(family: NumberSnapshot): Line[] {
  return family.samples.map(({ labelValues, value }) => ({
    labels: pair(family.labelNames, labelValues),
    value,
  }));
}

function histogramLines(family: HistogramSnapshot): Line[] {
  return family.samples.flatMap(({ labelValues, cumulative, count, sum }) => {
    const sharedLabels = pair(family.labelNames, labelValues);
    const metricName = `${family.name}_bucket`;
    const buckets = family.bounds.map((bound, index) => ({
      metricName,
      labels: { le: `${bound}` },
      sharedLabels,
      value: cumulative[index],
    }));
    return [
      ...buckets,
      { metricName, labels: { le: '+Inf' }, sharedLabels, value: count },
      { metricName: `${family.name}_sum`, sharedLabels, value: sum },
      { metricName: `${family.name}_count`, sharedLabels, value: count },
    ];
  });
}

/** Half surrogate pairs have no UTF-8, and a scraper refuses a page that is not UTF-8; quotes and newlines are prom-client's task. */
function pair(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index].toWellFormed()]));
}
