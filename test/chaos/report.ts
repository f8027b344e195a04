/** What a chaos run prints: the figures as a table, and for a failure the story that led to it. */
import type { ChaosReport } from './chaos.ts';
import { describeFault } from './faults.ts';
import type { Row } from './ledger.ts';

const HEADINGS = [
  'fault',
  'asked',
  'right',
  'stale',
  'failed',
  'lost',
  'wrong',
  'answered %',
  'p50 ms',
  'p99 ms',
];
const MOST_REASONS = 15;

/** One line for each kind of fault that questions met, and two for all of them. */
export function availabilityTable({ ledger }: ChaosReport): string {
  const rows = [...ledger.rows].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const lines = [
    HEADINGS,
    ...rows.map(([name, row]) => cells(name, row)),
    cells('all, an upstream well', ledger.withUpstream),
    cells('all, none well', ledger.withoutUpstream),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

const cells = (name: string, row: Row): string[] => [
  name,
  ...[row.asked, row.right, row.stale, row.failed, row.lost, row.wrong].map(String),
  (row.availability * 100).toFixed(3),
  row.latencies.quantile(0.5).toFixed(2),
  row.latencies.quantile(0.99).toFixed(2),
];

export function describeQuiet({ quiet, warmMib }: ChaosReport): string {
  if (quiet === undefined) return 'the daemon was gone before it could be looked at';
  return [
    `anonymous memory ${warmMib.toFixed(1)} MiB after the warm-up, ${quiet.anonymousMib.toFixed(1)} MiB at the end`,
    `sockets ${quiet.socketsAtStart} at the start, ${quiet.sockets} at the end`,
    `${(quiet.processorShare * 100).toFixed(2)} % of a processor while idle`,
    `${quiet.requests} queries counted, ${quiet.panics} panics`,
  ].join('; ');
}

/** Why questions failed, those first that had an upstream which was well, and of these the most frequent. */
export const describeReasons = ({ ledger }: ChaosReport): string[] =>
  [...ledger.reasons]
    .toSorted(([a, times], [b, others]) => a.slice(0, 1).localeCompare(b.slice(0, 1)) || others - times)
    .slice(0, MOST_REASONS)
    .map(([why, times]) => `${times} × ${why}`);

export const describeStory = ({ story, log }: ChaosReport): string =>
  ['faults:', ...story.map(describeFault), 'the daemon printed last:', ...log].join('\n');

const figures = ({ asked, right, stale, failed, lost, wrong, latencies }: Row): object => ({
  asked,
  right,
  stale,
  failed,
  lost,
  wrong,
  p50Ms: latencies.quantile(0.5),
  p99Ms: latencies.quantile(0.99),
});

/** For `--json`. */
export function toJson(seed: number, report: ChaosReport): string {
  const { ledger, quiet, warmMib, problems, story } = report;
  const faults = Object.fromEntries([...ledger.rows].map(([name, found]) => [name, figures(found)]));
  return JSON.stringify(
    {
      seed,
      problems,
      withUpstream: figures(ledger.withUpstream),
      withoutUpstream: figures(ledger.withoutUpstream),
      faults,
      warmMib,
      quiet,
      reasons: Object.fromEntries(ledger.reasons),
      story,
    },
    undefined,
    2,
  );
}
