/**
 * All metrics of the process, by name. The registry makes families and hands the same one to everybody who asks for it, refuses names that
 * a scraper would refuse, and brings gauges up to date before they are read. It renders nothing: see `exposition.ts`.
 */
import { HistogramFamily, NumberFamily } from './family.ts';
import type { HistogramSample, Sample } from './family.ts';
import type { Counter, Family, Gauge, Histogram, Metrics } from './metric-types.ts';

interface FamilyHead {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

export interface NumberSnapshot extends FamilyHead {
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

export interface HistogramSnapshot extends FamilyHead {
  readonly type: 'histogram';
  readonly bounds: readonly number[];
  readonly samples: readonly HistogramSample[];
}

/** The numbers of a family at one moment. */
export type FamilySnapshot = NumberSnapshot | HistogramSnapshot;

/** What the text format allows; a colon is for recording rules, and labels beginning with `__` are Prometheus's own. */
const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

export class MetricRegistry implements Metrics {
  private readonly byName = new Map<string, NumberFamily | HistogramFamily>();
  private readonly refreshers = new Set<{ readonly refresh: () => void }>();
  private readonly refreshFailures: Counter;

  constructor() {
    const help = 'Times that bringing metrics up to date before a scrape failed.';
    this.refreshFailures = this.counter('nodelocaldns_metrics_refresh_failures_total', help).with();
  }

  /**
   * A family without labels has its one series from the start, so that it shows 0; one with labels appears with its first series.
   *
   * @throws {Error} when the name is known with another type or other labels, or is no metric name.
   */
  counter(name: string, help: string, labelNames: readonly string[] = []): Family<Counter> {
    return this.numberFamily('counter', { name, help, labelNames });
  }

  /** @throws {Error} as `counter` */
  gauge(name: string, help: string, labelNames: readonly string[] = []): Family<Gauge> {
    return this.numberFamily('gauge', { name, help, labelNames });
  }

  /** @throws {Error} as `counter`, and when the buckets differ or do not ascend. */
  histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): Family<Histogram> {
    const known = this.byName.get(name);
    if (known === undefined) {
      checkNames(name, labelNames);
      checkBuckets(name, labelNames, buckets);
      return this.add(new HistogramFamily({ name, help, labelNames }, buckets));
    }
    if (known.type !== 'histogram') throw new Error(`metric ${name} is a ${known.type}, not a histogram`);
    checkSameLabels(known, labelNames);
    if (!sameItems([...known.bounds], buckets)) throw new Error(`metric ${name} has other buckets`);
    return known;
  }

  beforeScrape(refresh: () => void): () => void {
    const refresher = { refresh };
    this.refreshers.add(refresher);
    return () => {
      this.refreshers.delete(refresher);
    };
  }

  /** Runs what `beforeScrape` was told. One that throws is counted, and costs no other metric. */
  refresh(): void {
    for (const { refresh } of this.refreshers) {
      try {
        refresh();
      } catch {
        this.refreshFailures.value++;
      }
    }
  }

  /** The families that have series, by name, with their numbers as they are now. */
  *families(): Iterable<FamilySnapshot> {
    const families = [...this.byName.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
    for (const family of families) {
      const snapshot = snapshotOf(family);
      if (snapshot.samples.length > 0) yield snapshot;
    }
  }

  private numberFamily(type: 'counter' | 'gauge', head: FamilyHead): Family<Counter & Gauge> {
    const known = this.byName.get(head.name);
    if (known === undefined) {
      checkNames(head.name, head.labelNames);
      return this.add(new NumberFamily(type, head));
    }
    if (known.type === 'histogram' || known.type !== type) {
      throw new Error(`metric ${head.name} is a ${known.type}, not a ${type}`);
    }
    checkSameLabels(known, head.labelNames);
    return known;
  }

  private add<Made extends NumberFamily | HistogramFamily>(family: Made): Made {
    this.byName.set(family.name, family);
    if (family.labelNames.length === 0) family.with();
    return family;
  }
}

function snapshotOf(family: NumberFamily | HistogramFamily): FamilySnapshot {
  const { name, help, labelNames } = family;
  if (family.type === 'histogram') {
    return {
      type: family.type,
      name,
      help,
      labelNames,
      bounds: [...family.bounds],
      samples: family.samples(),
    };
  }
  return { type: family.type, name, help, labelNames, samples: family.samples() };
}

function checkNames(name: string, labelNames: readonly string[]): void {
  if (!METRIC_NAME.test(name)) throw new Error(`"${name}" is no name for a metric`);
  for (const label of labelNames) {
    if (!LABEL_NAME.test(label)) throw new Error(`metric ${name}: "${label}" is no name for a label`);
  }
  if (new Set(labelNames).size < labelNames.length) throw new Error(`metric ${name} has a label twice`);
}

function checkBuckets(name: string, labelNames: readonly string[], buckets: readonly number[]): void {
  const ascending = buckets.every((bound, index) => index === 0 || bound > buckets[index - 1]);
  if (buckets.length === 0 || !ascending || !buckets.every(Number.isFinite)) {
    throw new Error(`metric ${name}: buckets must be finite and ascend, got ${buckets.join(' ')}`);
  }
  if (labelNames.includes('le')) throw new Error(`metric ${name}: the label "le" belongs to the buckets`);
}

function checkSameLabels(known: FamilyHead, labelNames: readonly string[]): void {
  if (sameItems(known.labelNames, labelNames)) return;
  const labels = `labels (${known.labelNames.join(', ')})`;
  throw new Error(`metric ${known.name} has ${labels}, asked for (${labelNames.join(', ')})`);
}

function sameItems<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
