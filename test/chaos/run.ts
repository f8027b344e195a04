/**
 * `npm run chaos`: the real daemon between pods and three upstreams while faults come at random. Ends with exit code 1 when something that has
 * to hold did not, and says what, with the seed and the faults that led to it.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { availabilityTable, describeQuiet, describeReasons, describeStory, toJson } from './report.ts';

const USAGE = `npm run chaos -- [--minutes N] [--seed S] [--json FILE] [--entry FILE] [--only WORDS]
  --minutes N  how long faults come, fractions allowed, 2 by default; half a minute of looking at what is left comes on top
  --seed S     0 to 4294967295; a new one by default
  --json FILE  writes all figures there
  --entry FILE what is run: dist/main.js, where that is built, or else src/main.ts
  --only WORDS faults whose name fits this regular expression, to look for one
`;
const MS_PER_MINUTE = 60_000;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 2 for a command line that cannot be read, 1 for a failure */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { minutes, seed, json, entry, only } = options;
  say(`seed ${seed}`);
  const report = await runChaos({ seed, lengthMs: minutes * MS_PER_MINUTE, entry, only });
  say(availabilityTable(report));
  say(describeQuiet(report));
  for (const reason of describeReasons(report)) say(`without an answer: ${reason}`);
  if (json !== undefined) writeFileSync(json, toJson(seed, report));
  if (report.problems.length === 0) {
    say('nothing found');
    return 0;
  }
  say(describeStory(report));
  for (const lost of report.ledger.lost) say(`lost: ${lost}`);
  for (const problem of report.problems) say(`wrong: ${problem}`);
  say(`again: npm run chaos -- --minutes ${minutes} --seed ${seed}`);
  return 1;
}

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly json: string | undefined;
  readonly entry: string | undefined;
  readonly only: RegExp | undefined;
}

function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '2' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 0x1_0000_0000)) },
        json: { type: 'string' },
        entry: { type: 'string' },
        only: { type: 'string' },
      },
    });
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    const valid = minutes > 0 && Number.isInteger(seed) && seed >= 0 && seed < 0x1_0000_0000;
    const only = values.only === undefined ? undefined : new RegExp(values.only);
    return valid ? { minutes, seed, json: values.json, entry: values.entry, only } : undefined;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
