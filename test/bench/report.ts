/** What a run found out: a table for people, and everything for machines. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeftOut } from './choose.ts';
import type { Machine } from './machine.ts';
import type { Measured, Summary } from './summary.ts';
import { formatTable } from './table.ts';

export interface Report {
  /** ISO 8601. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  /** Processes that wanted to run, before and after (the load average of a minute). */
  readonly busyBefore: number;
  readonly busyAfter: number;
  readonly load: {
    readonly name: string;
    readonly describe: string;
    readonly tcp: boolean;
    /** Queries per second; null for as many as are answered. */
    readonly rate: number | null;
  };
  readonly rounds: number;
  readonly secondsPerRound: number;
  /** With the version of the Debian package, where it is from one. */
  readonly servers: readonly (Measured & { readonly version?: string | undefined })[];
  readonly summaries: readonly Summary[];
  readonly leftOut: readonly LeftOut[];
}

export function print(report: Report): void {
  const { machine, load, servers, leftOut } = report;
  const versions = servers
    .filter(({ version }) => version !== undefined)
    .map(({ name, version }) => `${name} ${version}`);
  const speed = load.rate === null ? 'as fast as answered, 200 outstanding' : `${load.rate} queries/s`;
  const lines = [
    '',
    `${load.name} over ${load.tcp ? 'TCP' : 'UDP'}: ${load.describe}; ${speed}`,
    `${report.rounds} rounds of ${report.secondsPerRound} s, medians; µs of processor time (user and system) of the server for each answer`,
    '',
    formatTable(report.summaries),
    '',
    ...leftOut.map(({ name, reason }) => `left out: ${name}: ${reason}`),
    `${machine.processor}, ${machine.cores} cores, ${machine.kernel}, Node ${machine.node}; load average ${report.busyBefore.toFixed(1)} before, ${report.busyAfter.toFixed(1)} after`,
    ...(versions.length > 0 ? [versions.join(', ')] : []),
    report.command,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** @param path a new file among the temporary ones, when left out */
export function writeJson(report: Report, path?: string): void {
  const file =
    path ?? join(mkdtempSync(join(tmpdir(), 'nodelocaldns-bench-results-')), `${report.load.name}.json`);
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(`all figures: ${file}\n`);
}
