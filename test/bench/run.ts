/**
 * `npm run bench`: how much processor time an answer costs, ours and others', measured in one run on one machine. This file is the command
 * line and its exit code; `benchmark.ts` has the order of things, and NOTES.md says what was seen. It opens sockets on loopback only, ends
 * by itself, and leaves no process behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../src/base/error-message.ts';
import { benchmark } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { wantedServers } from './choose.ts';
import { benchChurn } from './churn-bench.ts';
import { benchFlood } from './flood-bench.ts';
import { benchMemory } from './memory-bench.ts';
import { benchOverload } from './overload-bench.ts';
import { USAGE, readOptions } from './options.ts';
import type { BenchOptions } from './options.ts';
import { benchGuard } from './guard-bench.ts';
import { benchPauses } from './pauses-bench.ts';
import { Processes } from './processes.ts';
import { print, writeJson } from './report.ts';
import { SERVERS } from './servers.ts';
import { benchStart } from './start-bench.ts';
import type { Server } from './servers/server.ts';

const EXIT_SIGNALLED = 128;
const FATAL_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// At once: after a failure a round may still be under way, and has nobody left to tell.
process.exit(await main(process.argv.slice(2)));

/** @returns the exit code: 2 for a command line that cannot be read, 1 when there are no figures */
async function main(args: readonly string[]): Promise<number> {
  let options: BenchOptions;
  let servers: readonly Server[];
  try {
    options = readOptions(args);
    servers = wantedServers(SERVERS, options);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${USAGE}`);
    return 2;
  }
  for (const signal of FATAL_SIGNALS)
    process.on(signal, () => process.exit(EXIT_SIGNALLED + constants.signals[signal]));
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-bench-'));
  const processes = new Processes();
  process.once('exit', () => {
    processes.killAll();
    rmSync(directory, { recursive: true, force: true });
  });
  try {
    const command = ['npm run bench --', ...args].join(' ');
    await bench(options, servers, { directory, processes, command });
    return 0;
  } catch (error) {
    process.stderr.write(`npm run bench: ${messageOf(error)}\n`);
    return 1;
  }
}

/** The one benchmark that the options ask for. */
async function bench(options: BenchOptions, servers: readonly Server[], workplace: Workplace): Promise<void> {
  const { start, memory, pauses, guard, churn, flood } = options;
  if (start) return benchStart(options, servers, workplace);
  if (memory) return benchMemory(options, servers, workplace);
  if (guard) return benchGuard(options, workplace);
  if (pauses) return benchPauses(options, servers, workplace);
  if (churn !== undefined) return benchChurn(options, churn, servers, workplace);
  if (options.overload) return benchOverload(options, servers, workplace);
  if (flood !== undefined) return benchFlood(options, flood, servers, workplace);
  const report = await benchmark(options, servers, workplace);
  print(report);
  writeJson(report, options.json);
}
