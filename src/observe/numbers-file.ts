/**
 * Numbers that one process leaves in a file for another one's page: plain JSON, an array of families. What is read was written by another
 * process, perhaps of another version, perhaps by somebody else, so nothing of it is believed that is not looked at.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { FamilySnapshot } from './metrics.ts';

/** The guard's own are some 10 KB. */
export const MOST_NUMBERS_OCTETS = 1024 * 1024;
const MOST_FAMILIES = 1_000;

const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * @param maxAgeMs since the file was last written; older numbers are those of a process that is gone
 * @returns nothing for a file that is missing, older, too large or not what it should be; never rejects
 */
export async function readNumbersFile(path: string, maxAgeMs: number): Promise<FamilySnapshot[]> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const found = await file.stat();
    const isFit =
      found.isFile() && found.size <= MOST_NUMBERS_OCTETS && Date.now() - found.mtimeMs <= maxAgeMs;
    return isFit ? parseNumbers(await file.readFile('utf8')) : [];
  } catch {
    return [];
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** @returns all families of the text, or none where it is anything but families. @throws SyntaxError for what is no JSON */
function parseNumbers(text: string): FamilySnapshot[] {
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
