/** A minute of answers and what happened beside them, boiled down to a few lines. Pure. */
import type { Collections } from './gc-trace.ts';
import { percentile } from './statistics.ts';

/** The bound of the issue that asks for this. */
const LONG_MS = 20;

export interface Pauses {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly longestMs: number;
  /** Answers that took more than LONG_MS. */
  readonly long: number;
}

export interface PausesReport {
  readonly rate: number;
  readonly completed: number;
  readonly lost: number;
  readonly seconds: number;
  readonly scrapes: number;
  readonly reloads: number;
  /** Of the log, for questions that were not answered. */
  readonly lines: number;
  readonly pauses: Pauses;
  /** Only of programs that tell. */
  readonly collections: Collections | undefined;
}

export function pausesOf(latenciesMs: readonly number[]): Pauses {
  return {
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    p999Ms: percentile(latenciesMs, 99.9),
    longestMs: percentile(latenciesMs, 100),
    long: latenciesMs.filter((ms) => ms > LONG_MS).length,
  };
}

export function formatPauses(name: string, report: PausesReport): string {
  const { pauses, collections, seconds } = report;
  const [p50, p99, p999] = [pauses.p50Ms, pauses.p99Ms, pauses.p999Ms].map((ms) => ms.toFixed(2));
  const lines = [
    `${name}: ${seconds.toFixed(0)} s of ${report.rate.toLocaleString('en-US')} hits a second, ` +
      `${report.scrapes} scrapes, ${report.reloads} reload, ${report.lines} lines of errors`,
    `  ${report.completed.toLocaleString('en-US')} answers, ${report.lost} lost; p50 ${p50} ms, p99 ${p99}, p99.9 ${p999}`,
    `  longest answer ${pauses.longestMs.toFixed(1)} ms; ${pauses.long} took more than ${LONG_MS} ms`,
  ];
  if (collections !== undefined) {
    const share = collections.totalMs / (seconds * 10);
    lines.push(
      `  ${collections.count} collections, the longest ${collections.longestMs.toFixed(1)} ms, ${share.toFixed(2)} % of the time`,
    );
  }
  return lines.join('\n');
}
