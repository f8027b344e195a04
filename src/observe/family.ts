/**
 * A family of series told apart by label values, and the two kinds of series: a number, and a histogram. Here it is decided when a series
 * exists, that a family cannot grow without bound, and that adding to a series allocates nothing. Names, duplicates and the order of
 * families are the registry's business; text is the exposition's.
 */
import type { Counter, Family, Gauge, Histogram } from './metric-types.ts';

/**
 * Series that one family can have. Label values are bounded by construction (none comes from a client), so a family that reaches this has
 * a bug; its further observations are summed up in one series whose label values are all `overflow`.
 */
export const MOST_SERIES = 10_000;

const OVERFLOW = 'overflow';

/** One series of a snapshot. */
export interface Sample {
  /** In the order of the family's label names. */
  readonly labelValues: readonly string[];
  readonly value: number;
}

export interface HistogramSample {
  /** In the order of the family's label names. */
  readonly labelValues: readonly string[];
  /** Observations at or below each bound, cumulative; as many as there are bounds. */
  readonly cumulative: readonly number[];
  /** All observations, with those above the last bound. */
  readonly count: number;
  readonly sum: number;
}

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

interface Labelled<Series> {
  readonly labelValues: readonly string[];
  readonly series: Series;
}

abstract class LabelledFamily<Series> implements Family<Series> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  private readonly byLabels = new Map<string, Labelled<Series>>();

  constructor(description: Description) {
    this.name = description.name;
    this.help = description.help;
    this.labelNames = [...description.labelNames];
  }

  /** @throws {Error} when there are more or fewer values than label names. */
  with(...labelValues: string[]): Series {
    if (labelValues.length !== this.labelNames.length) {
      const wanted = `${this.labelNames.length} label values (${this.labelNames.join(', ')})`;
      throw new Error(`metric ${this.name} takes ${wanted}, got ${labelValues.length}`);
    }
    const key = JSON.stringify(labelValues);
    const known = this.byLabels.get(key);
    if (known !== undefined) return known.series;
    if (this.byLabels.size < MOST_SERIES) return this.add(key, labelValues);
    const overflow = labelValues.map(() => OVERFLOW);
    const overflowKey = JSON.stringify(overflow);
    return this.byLabels.get(overflowKey)?.series ?? this.add(overflowKey, overflow);
  }

  /** A family without labels keeps its one series and sets it to zero; series of others count nowhere from now on. */
  clear(): void {
    if (this.labelNames.length > 0) this.byLabels.clear();
    for (const { series } of this.byLabels.values()) this.reset(series);
  }

  protected entries(): Labelled<Series>[] {
    return [...this.byLabels.values()];
  }

  protected abstract make(): Series;
  protected abstract reset(series: Series): void;

  private add(key: string, labelValues: readonly string[]): Series {
    const series = this.make();
    this.byLabels.set(key, { labelValues, series });
    return series;
  }
}

export class NumberFamily extends LabelledFamily<Counter & Gauge> {
  readonly type: 'counter' | 'gauge';

  constructor(type: 'counter' | 'gauge', description: Description) {
    super(description);
    this.type = type;
  }

  samples(): Sample[] {
    return this.entries().map(({ labelValues, series }) => ({ labelValues, value: series.value }));
  }

  protected make(): Counter & Gauge {
    return { value: 0 };
  }

  protected reset(series: Counter & Gauge): void {
    series.value = 0;
  }
}

export class HistogramFamily extends LabelledFamily<HistogramSeries> {
  readonly type = 'histogram';
  /** Upper bounds, ascending, without +Inf. */
  readonly bounds: Float64Array;

  constructor(description: Description, bounds: readonly number[]) {
    super(description);
    this.bounds = Float64Array.from(bounds);
  }

  samples(): HistogramSample[] {
    return this.entries().map(({ labelValues, series }) => series.sample(labelValues));
  }

  protected make(): HistogramSeries {
    return new HistogramSeries(this.bounds);
  }

  protected reset(series: HistogramSeries): void {
    series.reset();
  }
}

/**
 * Counts per bucket, then the observations above the last bound, then the sum, all in one typed array. The buckets are searched from the
 * lowest on, since nearly all observations of a cache are in the first ones.
 */
class HistogramSeries implements Histogram {
  private readonly bounds: Float64Array;
  private readonly numbers: Float64Array;

  constructor(bounds: Float64Array) {
    this.bounds = bounds;
    this.numbers = new Float64Array(bounds.length + 2);
  }

  observe(value: number): void {
    const { bounds, numbers } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]) bucket++;
    numbers[bucket]++;
    numbers[bounds.length + 1] += value;
  }

  sample(labelValues: readonly string[]): HistogramSample {
    const cumulative: number[] = [];
    let count = 0;
    for (let bucket = 0; bucket < this.bounds.length; bucket++) {
      count += this.numbers[bucket];
      cumulative.push(count);
    }
    count += this.numbers[this.bounds.length];
    return { labelValues, cumulative, count, sum: this.numbers[this.bounds.length + 1] };
  }

  reset(): void {
    this.numbers.fill(0);
  }
}
