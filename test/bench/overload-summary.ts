/** What other clients get beside a flood, boiled down to a line each and held against what is promised to them. Pure. */
import type { DnsperfResult } from './dnsperf-output.ts';
import { median, percentile } from './statistics.ts';

/** Promised to those who do not flood: of their queries less than this part has no answer, */
export const MOST_LOST = 0.001;
/** and 99 of 100 answers take no longer than this. */
export const MOST_P99_MS = 20;

/** One client in one round. */
export interface ClientRound {
  readonly sent: number;
  /** Queries without an answer, and those that were told that there is none. */
  readonly lost: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ClientRow {
  readonly client: string;
  readonly rounds: readonly ClientRound[];
}

export const clientRound = (
  { sent, lost, rcodes }: Pick<DnsperfResult, 'sent' | 'lost' | 'rcodes'>,
  latenciesMs: readonly number[],
): ClientRound => ({
  sent,
  lost,
  failed: (rcodes.SERVFAIL ?? 0) + (rcodes.REFUSED ?? 0),
  p50Ms: percentile(latenciesMs, 50),
  p99Ms: percentile(latenciesMs, 99),
});

const sumOf = (rounds: readonly ClientRound[], figure: 'sent' | 'lost' | 'failed'): number =>
  rounds.reduce((sum, round) => sum + round[figure], 0);

/** Lost queries are counted over all rounds, latencies are the median of the rounds. */
export function verdictOf({ rounds }: ClientRow): string {
  const lost = (sumOf(rounds, 'lost') + sumOf(rounds, 'failed')) / sumOf(rounds, 'sent');
  const p99Ms = median(rounds.map((round) => round.p99Ms));
  const misses = [...(lost < MOST_LOST ? [] : ['lost']), ...(p99Ms <= MOST_P99_MS ? [] : ['late'])];
  return misses.length === 0 ? 'ok' : misses.join(', ');
}

const TITLES = ['client', 'sent', 'lost', 'failed', 'lost %', 'p50 ms', 'p99 ms', ''];

export function formatOverload(rows: readonly ClientRow[]): string {
  const table = [TITLES, ...rows.map(cellsOf)];
  const widths = TITLES.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellsOf(row: ClientRow): string[] {
  const { client, rounds } = row;
  const [sent, lost, failed] = [sumOf(rounds, 'sent'), sumOf(rounds, 'lost'), sumOf(rounds, 'failed')];
  const middle = (figure: 'p50Ms' | 'p99Ms'): string =>
    median(rounds.map((round) => round[figure])).toFixed(2);
  return [
    client,
    sent.toLocaleString('en-US'),
    String(lost),
    String(failed),
    ((100 * (lost + failed)) / sent).toFixed(3),
    middle('p50Ms'),
    middle('p99Ms'),
    verdictOf(row),
  ];
}
