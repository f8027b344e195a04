/**
 * `npm run bench -- --memory`: the anonymous memory of builds of ours, after the start, with 10,000 entries, after a minute of load, and
 * after 10,000 more names and another minute. Pages are fetched as Prometheus fetches them: what is loaded for the first of them stays.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterName, serviceName } from './bench-zone.ts';
import { build, haveTools } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { OUTSTANDING, shoot } from './dnsperf.ts';
import { anonymousMib } from './footprint.ts';
import { HITS } from './loads.ts';
import type { Question } from './loads.ts';
import type { BenchOptions } from './options.ts';
import { startServer } from './running-server.ts';
import { startUpstream } from './running-upstream.ts';
import { scrape } from './scrape.ts';
import type { Server } from './servers/server.ts';
import { writeQueries } from './write-queries.ts';

const ENTRIES = 10_000;
const FILLING_OUTSTANDING = 20;
const FILLING_SECONDS = 15;
const LOAD_SECONDS = 60;
const SETTLE_MS = 1_500;

/** @throws {Error} when one cannot be started or asked */
export async function benchMemory(
  options: BenchOptions,
  servers: readonly Server[],
  { directory, processes }: Workplace,
): Promise<void> {
  await haveTools(options);
  if (options.build) build();
  const { port: upstreamPort } = await startUpstream(directory, processes);
  const files = [0, ENTRIES].map((first) => writeNames(join(directory, `names-${first}.txt`), first));
  const loadSeconds = options.smoke ? 1 : LOAD_SECONDS;
  for (const server of servers.filter(({ role }) => role === 'ours')) {
    const running = await startServer(server, HITS, { directory, upstreamPort, processes });
    const tell = (when: string): void =>
      void process.stdout.write(
        `${server.name}: ${anonymousMib(running.program.pid).toFixed(1)} MiB ${when}\n`,
      );
    const ask = (queryFile: string, seconds: number, once: boolean): Promise<unknown> => {
      const outstanding = once ? FILLING_OUTSTANDING : OUTSTANDING;
      const shot = { port: running.place.port, queryFile, tcp: false, seconds, once, outstanding };
      return shoot(shot, directory, processes);
    };
    await delay(SETTLE_MS);
    tell('after the start');
    await scrape(running);
    tell('after a scrape');
    await ask(files[0], FILLING_SECONDS, true);
    tell(`with ${ENTRIES} entries`);
    await ask(files[0], loadSeconds, false);
    await scrape(running);
    tell(`after ${loadSeconds} s of load and a scrape`);
    await ask(files[1], FILLING_SECONDS, true);
    await ask(files[1], loadSeconds, false);
    tell(`after ${ENTRIES} more names and ${loadSeconds} s of load`);
    running.program.kill();
    await running.program.ended;
  }
}

function writeNames(file: string, first: number): string {
  const questions = Array.from({ length: ENTRIES }, (_, index): Question => ({
    name: clusterName(serviceName(first + index)),
    type: 'A',
  }));
  writeQueries(file, questions);
  return file;
}
