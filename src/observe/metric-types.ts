/**
 * What the rooms know of metrics; `metrics.ts` implements it. A series is a plain object whose numbers the hot path adds to; nothing else
 * happens until somebody scrapes. A family is made once by name: asking again with the same labels gives the same family.
 */
export interface Counter {
  value: number;
}

export interface Gauge {
  value: number;
}

export interface Histogram {
  /** Adds one observation, in the unit of the family. */
  observe(value: number): void;
}

export interface Family<Series> {
  /** The series with these label values, in the order of the family's label names; made at the first call. Keep it, do not ask per query. */
  with(...labelValues: string[]): Series;
  /** Forgets all series, for gauges that describe a configuration. */
  clear(): void;
}

export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Family<Counter>;
  gauge(name: string, help: string, labelNames?: readonly string[]): Family<Gauge>;
  /** @param buckets upper bounds, ascending, without +Inf. */
  histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): Family<Histogram>;
  /** Runs before each scrape, to bring gauges up to date. Returns how to take it back. */
  beforeScrape(refresh: () => void): () => void;
}
