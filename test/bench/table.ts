/** Summaries as a table for people. Pure. */
import type { Summary } from './summary.ts';

interface Column {
  readonly title: string;
  readonly cell: (summary: Summary) => string;
}

const NONE = '-';

const COLUMNS: readonly Column[] = [
  { title: 'server', cell: ({ name }) => name },
  { title: 'µs/answer', cell: ({ microsecondsPerAnswer }) => microsecondsPerAnswer.toFixed(2) },
  { title: 'range', cell: ({ lowest, highest }) => `${lowest.toFixed(1)}–${highest.toFixed(1)}` },
  { title: '× ours', cell: ({ toOurs }) => decimals(toOurs, 2) },
  { title: '× best peer', cell: ({ toBestPeer }) => decimals(toBestPeer, 2) },
  {
    title: 'answers/s',
    cell: ({ queriesPerSecond }) => Math.round(queriesPerSecond).toLocaleString('en-US'),
  },
  { title: 'avg ms', cell: ({ averageLatencyMs }) => averageLatencyMs.toFixed(2) },
];

const LATENCY_COLUMNS: readonly Column[] = [
  { title: 'p50 ms', cell: ({ p50Ms }) => decimals(p50Ms, 2) },
  { title: 'p99 ms', cell: ({ p99Ms }) => decimals(p99Ms, 2) },
];

const LAST_COLUMN: Column = { title: 'max ms', cell: ({ maxLatencyMs }) => maxLatencyMs.toFixed(1) };

/** Names to the left, figures to the right; a line under each summary says what is doubtful about it. */
export function formatTable(summaries: readonly Summary[]): string {
  const withLatencies = summaries.some(({ p99Ms }) => p99Ms !== undefined);
  const columns = [...COLUMNS, ...(withLatencies ? LATENCY_COLUMNS : []), LAST_COLUMN];
  const rows = [
    columns.map(({ title }) => title),
    ...summaries.map((summary) => columns.map((column) => column.cell(summary))),
  ];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  '),
  );
  const remarks = summaries.flatMap(({ name, remarks: all }) => all.map((remark) => `${name} ${remark}`));
  return [...lines, ...remarks].join('\n');
}

const decimals = (number: number | undefined, digits: number): string => number?.toFixed(digits) ?? NONE;
