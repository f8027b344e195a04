/**
 * `npm run conformance [-- --markdown]`: prints which statements of the standards, and which known classes of attack, are held by which
 * tests. It runs none of them; `npm test` does. Exit code 1 when a row names a test that is not there or never runs.
 */
import { findFaults } from './check-rows.ts';
import { readTest } from './read-test.ts';
import { TOPICS } from './statements/index.ts';
import { asMarkdown, asText } from './table.ts';

process.exitCode = main(process.argv.slice(2));

/** @returns the exit code: 0, 1 for a table that is not true, 2 for an argument that is none */
function main(args: readonly string[]): number {
  const unknown = args.find((arg) => arg !== '--markdown');
  if (unknown !== undefined) {
    process.stderr.write(`conformance: unknown argument ${unknown}; the only one is --markdown\n`);
    return 2;
  }
  process.stdout.write(`${args.includes('--markdown') ? asMarkdown(TOPICS) : asText(TOPICS)}\n`);
  const faults = findFaults(
    TOPICS.flatMap(({ rows }) => rows),
    readTest,
  );
  for (const fault of faults) process.stderr.write(`conformance: ${fault}\n`);
  return faults.length === 0 ? 0 : 1;
}
