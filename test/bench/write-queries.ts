/** Files of queries for dnsperf, written in parts: a minute of unique names is more than one string should be. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { queryLine } from './loads.ts';
import type { Question } from './loads.ts';

const LINES_AT_ONCE = 10_000;

/** Writes the first `count` of these questions, one in a line, or all of them. */
export function writeQueries(
  path: string,
  questions: Iterable<Question>,
  count = Number.POSITIVE_INFINITY,
): void {
  const file = openSync(path, 'w');
  let lines: string[] = [];
  let left = count;
  for (const question of questions) {
    if (left-- <= 0) break;
    lines.push(queryLine(question));
    if (lines.length < LINES_AT_ONCE) continue;
    writeSync(file, lines.join(''));
    lines = [];
  }
  writeSync(file, lines.join(''));
  closeSync(file);
}
