/**
 * `npm run fuzz`: damaged packets, streams and Corefiles for every parser within this process, damaged HTTP for its pages, then both for
 * the real daemon. Ends with exit code 1 at the first failure, and says how to see it again.
 */
import { parseArgs } from 'node:util';
import { fuzzDaemon } from './daemon-fuzz.ts';
import { fuzzPages } from './http-fuzz.ts';
import type { HttpReport } from './http-fuzz.ts';
import { describeFailure, fuzzRound } from './in-process.ts';
import { watchForStalls } from './stall-watch.ts';
import { measureGrowth, steepGrowth } from './work.ts';

const USAGE = `npm run fuzz -- [--seconds N] [--seed S] [--round R] [--packets N] [--connections N]
  --seconds N  how long to fuzz within this process, 20 by default
  --seed S     the seed, 0 to 4294967295; a new one by default
  --round R    this one round of that seed, and nothing else
  --packets N  how many packets the daemon gets, 20000 by default, 0 for none
  --connections N  how many HTTP connections the pages get, within this process and of the daemon, 2000 by default, 0 for none
`;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 2 for a command line that cannot be read, 1 for a failure */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { seconds, seed, round, packets, connections } = options;
  say(`seed ${seed}`);
  if (round !== undefined) return reportRound(seed, round);
  const failed =
    fuzzFor(seed, seconds) ||
    workIsSteep() ||
    pagesFail(await fuzzPages(seed, connections)) ||
    (await daemonFails(seed, packets, connections));
  say(failed ? 'failed' : 'nothing found');
  return failed ? 1 : 0;
}

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly round: number | undefined;
  readonly packets: number;
  readonly connections: number;
}

function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: '20' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 0x1_0000_0000)) },
        round: { type: 'string' },
        packets: { type: 'string', default: '20000' },
        connections: { type: 'string', default: '2000' },
      },
    });
    const given = [values.seconds, values.seed, values.packets, values.connections];
    const [seconds, seed, packets, connections] = given.map(Number);
    const round = values.round === undefined ? undefined : Number(values.round);
    const numbers = [seconds, seed, packets, connections, round ?? 0];
    return numbers.every((number) => number >= 0)
      ? { seconds, seed, round, packets, connections }
      : undefined;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

function reportRound(seed: number, round: number): number {
  const failure = fuzzRound(seed, round);
  say(failure === undefined ? `round ${round}: nothing found` : describeFailure(seed, failure));
  return failure === undefined ? 0 : 1;
}

function fuzzFor(seed: number, seconds: number): boolean {
  const watch = watchForStalls(`npm run fuzz -- --seed ${seed} --round`);
  const endMs = performance.now() + seconds * 1000;
  let round = 0;
  for (; performance.now() < endMs; round++) {
    watch.begin(round);
    const failure = fuzzRound(seed, round);
    if (failure !== undefined) {
      say(describeFailure(seed, failure));
      return true;
    }
  }
  void watch.stop();
  say(`${round} rounds within this process`);
  return false;
}

function workIsSteep(): boolean {
  const growths = measureGrowth();
  for (const { work, shape, ratio } of steepGrowth(growths)) {
    say(`${work} took ${ratio.toFixed(1)} times as long for a message of four times the size: ${shape}`);
  }
  say(
    `${growths.length} measurements of work, the steepest ${growths[0].ratio.toFixed(1)} for four times the size`,
  );
  return steepGrowth(growths).length > 0;
}

function pagesFail({ connections, responses, problems }: HttpReport): boolean {
  say(`${connections} HTTP connections, ${responses} responses, ${problems.length} problems`);
  for (const problem of problems) say(problem);
  return problems.length > 0;
}

async function daemonFails(seed: number, packets: number, connections: number): Promise<boolean> {
  if (packets === 0) return false;
  const report = await fuzzDaemon(seed, packets, connections);
  say(`${report.connections} HTTP connections to the daemon, ${report.responses} responses`);
  say(`${report.sent} packets to the daemon, ${report.answered} answers, ${report.problems.length} problems`);
  for (const problem of report.problems) say(problem);
  return report.problems.length > 0;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
