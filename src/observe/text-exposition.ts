/**
 * Families in Prometheus's text format 0.0.4, for processes that must stay small: prom-client, which `exposition.ts` uses, costs some 20 MB.
 * A test holds the two against each other.
 */
import type { HttpAnswer } from './http-types.ts';
import type { FamilySnapshot, HistogramSnapshot, NumberSnapshot } from './metrics.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Renders these families, ordered by name. */
export function textExposition(families: readonly FamilySnapshot[]): HttpAnswer {
  const ordered = families.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const body = ordered.map((family) => linesOf(family).join('\n')).join('\n\n');
  return { status: 200, contentType: CONTENT_TYPE, body: `${body}\n` };
}

function linesOf(family: FamilySnapshot): string[] {
  const { name, help, type } = family;
  const head = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
  return [...head, ...(type === 'histogram' ? histogramLines(family) : numberLines(family))];
}

const numberLines = ({ name, labelNames, samples }: NumberSnapshot): string[] =>
  samples.map(({ labelValues, value }) => line(name, pairs(labelNames, labelValues), value));

function histogramLines({ name, labelNames, bounds, samples }: HistogramSnapshot): string[] {
  return samples.flatMap(({ labelValues, cumulative, count, sum }) => {
    const labels = pairs(labelNames, labelValues);
    const bucket = (bound: string, value: number): string =>
      line(`${name}_bucket`, [`le="${bound}"`, ...labels], value);
    return [
      ...bounds.map((bound, index) => bucket(`${bound}`, cumulative[index])),
      bucket('+Inf', count),
      line(`${name}_sum`, labels, sum),
      line(`${name}_count`, labels, count),
    ];
  });
}

const line = (name: string, labels: readonly string[], value: number): string =>
  `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${numberText(value)}`;

/** Half surrogate pairs have no UTF-8, and a scraper refuses a page that is not UTF-8. */
const pairs = (names: readonly string[], values: readonly string[]): string[] =>
  names.map((name, index) => `${name}="${escaped(values[index].toWellFormed()).replaceAll('"', '\\"')}"`);

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : `${value}`;
}
