/** One run from its beginning to its end: tools, build, upstream, servers, rounds, report. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findTool, toolsAreRequired } from '../support/tools.ts';
import { BENCH_TOOLS, LOAD_TOOL, bringTools, howToHave, rowsOf } from './bench-tools.ts';
import { Contest } from './contest.ts';
import { busyness, packageVersion, thisMachine } from './machine.ts';
import { Measurement } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Processes } from './processes.ts';
import type { Report } from './report.ts';
import { startServer } from './running-server.ts';
import { startUpstream } from './running-upstream.ts';
import type { Server } from './servers/server.ts';
import { OURS_NAME, summarize } from './summary.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** More than start and warm-up of a server take, and than a round takes beyond the seconds of its load, however busy the machine. */
const SPARE_SECONDS = 30;

export interface Workplace {
  /** For configurations, logs and queries. */
  readonly directory: string;
  readonly processes: Processes;
  /** What the user typed, for the report. */
  readonly command: string;
}

/** @throws {Error} when nothing, or not what is ours, could be measured, or it takes much longer than planned */
export async function benchmark(
  options: BenchOptions,
  servers: readonly Server[],
  workplace: Workplace,
): Promise<Report> {
  await haveTools(options);
  if (options.build && servers.some(({ role }) => role === 'ours')) build();
  const busyBefore = busyness();
  const seconds = servers.length * (SPARE_SECONDS + options.rounds * (options.seconds + SPARE_SECONDS));
  const contest = await within(seconds, hold(options, servers, workplace));
  const measured = contest.measured();
  const failure = contest.leftOut.find(({ name }) => measured.length === 0 || name === OURS_NAME);
  if (failure !== undefined) throw new Error(`${failure.name} could not be measured: ${failure.reason}`);
  const { load, tcp, rate } = options;
  return {
    date: new Date().toISOString(),
    command: workplace.command,
    machine: thisMachine(),
    busyBefore,
    busyAfter: busyness(),
    load: { name: load.name, describe: load.describe, tcp, rate: rate ?? null },
    rounds: options.rounds,
    secondsPerRound: options.seconds,
    servers: measured.map((server) => ({ ...server, version: server.tool && packageVersion(server.tool) })),
    summaries: summarize(measured, load),
    leftOut: contest.leftOut,
  };
}

async function hold(
  options: BenchOptions,
  servers: readonly Server[],
  { directory, processes }: Workplace,
): Promise<Contest> {
  const { load, tcp, rounds } = options;
  const upstream = await startUpstream(directory, processes);
  const contest = new Contest({
    measurement: new Measurement({ ...options, directory }, upstream, processes),
    start: (server) => startServer(server, load, { directory, upstreamPort: upstream.port, processes }),
    isHere: (tool) => findTool(tool) !== undefined,
    say,
  });
  await contest.gather(servers, tcp);
  await contest.play(rounds);
  return contest;
}

/** Installs what is missing where that is wanted. A smoke run is about us: in CI it brings the load and compares with what there is. */
export async function haveTools({ install, smoke }: BenchOptions): Promise<void> {
  if (install || toolsAreRequired()) await bringTools(smoke && !install ? rowsOf(LOAD_TOOL) : BENCH_TOOLS);
  if (findTool(LOAD_TOOL) === undefined) throw new Error(howToHave(LOAD_TOOL));
}

/** What users run is measured, so it is made from what stands in `src/` now. */
export function build(): void {
  say('building');
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '-p', join(ROOT, 'src', 'tsconfig.json')], { stdio: 'inherit' });
}

async function within<Result>(seconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${seconds} s`)), seconds * 1_000);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
