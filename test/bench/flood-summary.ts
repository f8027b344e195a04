/** Hits in peace and beside a flood, round by round, boiled down to one line for each server. Pure. */
import { median, medianRatio } from './statistics.ts';

/** Hits at a fixed rate, for one round. */
export interface HitFigures {
  readonly answersPerSecond: number;
  readonly lost: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  /** Seconds of the server's processor time for each second. */
  readonly processorShare: number;
}

export interface FloodRound {
  readonly calm: HitFigures;
  readonly flooded: HitFigures;
}

const FIGURES = ['p50Ms', 'p90Ms', 'p99Ms'] as const;
const TITLES = ['server', 'p50 ms', 'p90 ms', 'p99 ms', 'answers/s', 'lost', 'cpu %'];

/** Under each figure in peace, the one beside the flood, then the ratio: medians over the rounds. */
export function formatFloods(servers: readonly (readonly [string, readonly FloodRound[]])[]): string {
  const rows = servers.flatMap(([name, rounds]) => [
    rowOf(
      name,
      rounds.map(({ calm }) => calm),
    ),
    rowOf(
      '  flooded',
      rounds.map(({ flooded }) => flooded),
    ),
    ['  ×', ...FIGURES.map((figure) => ratio(rounds, figure).toFixed(1)), '', '', ''],
  ]);
  const table = [TITLES, ...rows];
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

/** How many times as long an answer takes beside the flood: the median of the rounds' ratios. */
export const ratio = (rounds: readonly FloodRound[], figure: (typeof FIGURES)[number]): number =>
  medianRatio(
    rounds.map(({ flooded }) => flooded[figure]),
    rounds.map(({ calm }) => calm[figure]),
  );

function rowOf(name: string, figures: readonly HitFigures[]): string[] {
  const middle = (figure: keyof HitFigures): number => median(figures.map((round) => round[figure]));
  return [
    name,
    ...FIGURES.map((figure) => middle(figure).toFixed(2)),
    Math.round(middle('answersPerSecond')).toLocaleString('en-US'),
    String(middle('lost')),
    (middle('processorShare') * 100).toFixed(0),
  ];
}
