/**
 * Families of metrics as another process wrote them: plain JSON, an array of families. It was perhaps of another version, and perhaps
 * somebody else, so nothing of it is believed that is not looked at. Where the text came from is the caller's.
 */
import type { FamilySnapshot } from './metrics.ts';

const MOST_FAMILIES = 1_000;

const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** @returns all families of the text, or none where it is anything but families. @throws SyntaxError for what is no JSON */
export function parseNumbers(text: string): FamilySnapshot[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed) || parsed.length > MOST_FAMILIES) return [];
  return parsed.every(isFamily) ? parsed : [];
}

function isFamily(value: unknown): value is FamilySnapshot {
  if (!isObject(value) || typeof value['help'] !== 'string') return false;
  const { name, type, labelNames, samples, bounds } = value;
  if (typeof name !== 'string' || !METRIC_NAME.test(name)) return false;
  if (!isListOf(labelNames, isLabelName) || !Array.isArray(samples)) return false;
  const labels = labelNames.length;
  if (type === 'histogram') {
    return (
      isListOf(bounds, isFinite) &&
      samples.every((sample) => isHistogramSample(sample, labels, bounds.length))
    );
  }
  return (type === 'counter' || type === 'gauge') && samples.every((sample) => isSample(sample, labels));
}

function isSample(sample: unknown, labels: number): boolean {
  return hasLabels(sample, labels) && isFinite(sample['value']);
}

function isHistogramSample(sample: unknown, labels: number, bounds: number): boolean {
  if (!hasLabels(sample, labels)) return false;
  const { cumulative, count, sum } = sample;
  return isListOf(cumulative, isFinite) && cumulative.length === bounds && isFinite(count) && isFinite(sum);
}

function hasLabels(sample: unknown, labels: number): sample is Record<string, unknown> {
  if (!isObject(sample)) return false;
  const values = sample['labelValues'];
  return isListOf(values, isString) && values.length === labels;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isString = (value: unknown): value is string => typeof value === 'string';
const isLabelName = (value: unknown): value is string => isString(value) && METRIC_NAME.test(value);
const isFinite = (value: unknown): value is number => Number.isFinite(value);

const isListOf = <Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] =>
  Array.isArray(value) && value.every(isItem);
