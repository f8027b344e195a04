/**
 * `npm run bench -- --churn N`: the anonymous memory of builds of ours while N different names pass through the cache, every ten seconds,
 * and what is left of it a minute after. Names come in parts, each a file that is asked once.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build, haveTools } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { MemorySeries } from './churn-series.ts';
import { OUTSTANDING, shoot } from './dnsperf.ts';
import { anonymousMib } from './footprint.ts';
import { MISSES } from './loads.ts';
import type { BenchOptions } from './options.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { startUpstream } from './running-upstream.ts';
import { scrape } from './scrape.ts';
import type { Server } from './servers/server.ts';
import { writeQueries } from './write-queries.ts';

/** In one file of queries. */
const NAMES_AT_ONCE = 250_000;
/** For one file, however slow the machine. */
const PART_SECONDS = 120;
const LOOK_EVERY_MS = 10_000;
const AFTER_MS = 60_000;

/** @throws {Error} when one cannot be started or asked */
export async function benchChurn(
  options: BenchOptions,
  names: number,
  servers: readonly Server[],
  workplace: Workplace,
): Promise<void> {
  await haveTools(options);
  if (options.build) build();
  const { directory, processes } = workplace;
  const { port: upstreamPort } = await startUpstream(directory, processes);
  for (const server of servers.filter(({ role }) => role === 'ours')) {
    const running = await startServer(server, MISSES, { directory, upstreamPort, processes });
    await scrape(running);
    process.stdout.write(`${server.name}, MiB of anonymous memory, ${names.toLocaleString('en-US')} names\n`);
    const series = await churn(running, names, workplace);
    await delay(options.smoke ? 0 : AFTER_MS);
    series.after(anonymousMib(running.program.pid));
    process.stdout.write(`${series.summary()}\n`);
    running.program.kill();
    await running.program.ended;
  }
  process.stdout.write(`${workplace.command}\n`);
}

/** Asks for all names and looks on. */
async function churn(
  running: RunningServer,
  names: number,
  { directory, processes }: Workplace,
): Promise<MemorySeries> {
  const series = new MemorySeries(anonymousMib(running.program.pid));
  const startMs = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    process.stdout.write(`${series.note(seconds, anonymousMib(running.program.pid))}\n`);
  }, LOOK_EVERY_MS);
  try {
    for (let part = 0; part * NAMES_AT_ONCE < names; part++) {
      const queryFile = join(directory, `churn-${part}.txt`);
      writeQueries(queryFile, MISSES.queries(part), Math.min(NAMES_AT_ONCE, names - part * NAMES_AT_ONCE));
      const shot = {
        port: running.place.port,
        queryFile,
        tcp: false,
        seconds: PART_SECONDS,
        once: true,
        outstanding: OUTSTANDING,
      };
      const { completed, lost } = await shoot(shot, directory, processes);
      series.asked(completed, lost);
      rmSync(queryFile);
    }
  } finally {
    clearInterval(timer);
  }
  series.note(Math.round((performance.now() - startMs) / 1_000), anonymousMib(running.program.pid));
  return series;
}
