/**
 * `npm run bench -- --flood`: what a flood does to those who ask for what is cached. Hits come over UDP at a fixed rate, in turn with and
 * without the flood. The server has one processor; who asks, who floods and the upstream share another, and the latter two get there only
 * what the asking leaves over: otherwise the figures would show how long a query waits to be sent.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findTool } from '../support/tools.ts';
import { build, haveTools } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { whyLeftOut } from './choose.ts';
import { dnsperfCommand } from './dnsperf.ts';
import { parseLatencies, parseStatistics } from './dnsperf-output.ts';
import { formatFloods } from './flood-summary.ts';
import type { FloodRound, HitFigures } from './flood-summary.ts';
import { FLOOD_FRAME, FLOOD_PROGRAM, FLOOD_QUERIES, floodFrame } from './floods.ts';
import type { Flood } from './floods.ts';
import { HITS } from './loads.ts';
import type { BenchOptions } from './options.ts';
import { AFTER_THEM, FIRST, pinned } from './pinned.ts';
import type { Program } from './processes.ts';
import { processorSeconds } from './processor-time.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { startUpstream } from './running-upstream.ts';
import type { Server } from './servers/server.ts';
import { percentile } from './statistics.ts';
import { writeQueries } from './write-queries.ts';

/** Queries per second: about a fifth of what one processor serves. */
const DEFAULT_RATE = 5_000;
const SERVER_CPU = 0;
const CLIENT_CPU = 1;
const OUTSTANDING = 1_000;
const FILLING_OUTSTANDING = 20;
const WARM_UP_SECONDS = 2;
const HIT_QUERIES = 50_000;
/** For each second of a flood; more than is answered. */
const FLOOD_QUERIES_PER_SECOND = 80_000;
/** The flood is at its height by then, and what it left is gone after. */
const RISE_MS = 1_000;
const FALL_MS = 3_000;
const PATIENCE_MS = 20_000;

/** Runs only when nobody else wants to (SCHED_IDLE). */
const humbly = (command: readonly string[]): string[] => ['chrt', '--idle', '0', ...command];

/** @throws {Error} when a server cannot be started or asked */
export async function benchFlood(
  options: BenchOptions,
  flood: Flood,
  servers: readonly Server[],
  workplace: Workplace,
): Promise<void> {
  await haveTools(options);
  if (options.build && servers.some(({ role }) => role === 'ours')) build();
  const bench = new FloodBench(options, flood, workplace);
  const taking = servers.filter(
    (server) =>
      server.role !== 'floor' &&
      whyLeftOut(server, false, (tool) => findTool(tool) !== undefined) === undefined,
  );
  const results = await bench.measure(taking);
  const rate = options.rate ?? DEFAULT_RATE;
  process.stdout.write(
    `\nhits over UDP, ${rate} queries/s, beside ${flood.describe}\n` +
      `${options.rounds} rounds of ${options.seconds} s, medians\n\n${formatFloods(results)}\n${workplace.command}\n`,
  );
}

class FloodBench {
  private readonly options: BenchOptions;
  private readonly flood: Flood;
  private readonly workplace: Workplace;
  private readonly hits: string;

  constructor(options: BenchOptions, flood: Flood, workplace: Workplace) {
    this.options = options;
    this.flood = flood;
    this.workplace = workplace;
    this.hits = join(workplace.directory, 'hits.txt');
  }

  async measure(servers: readonly Server[]): Promise<[string, FloodRound[]][]> {
    const { directory, processes } = this.workplace;
    const { port: upstreamPort } = await startUpstream(directory, processes, (command) =>
      this.floodSide(command),
    );
    await this.prepare();
    const results: [RunningServer, FloodRound[]][] = [];
    for (const server of servers) {
      const onItsProcessor: Server = {
        ...server,
        command: (place) => this.on(SERVER_CPU, server.command(place), FIRST),
      };
      const running = await startServer(onItsProcessor, HITS, { directory, upstreamPort, processes });
      await this.warmUp(running.place.port);
      results.push([running, []]);
    }
    for (let round = 1; round <= this.options.rounds; round++) {
      for (const [running, rounds] of results) {
        const calm = await this.hitFigures(running);
        const flooded = await this.beside(running, round);
        rounds.push({ calm, flooded });
        process.stdout.write(
          `round ${round}: ${running.server.name} p50 ${calm.p50Ms.toFixed(2)} ms, flooded ${flooded.p50Ms.toFixed(2)} ms\n`,
        );
      }
    }
    return results.map(([{ server }, rounds]) => [server.name, rounds]);
  }

  private async prepare(): Promise<void> {
    const { directory, processes } = this.workplace;
    writeQueries(this.hits, HITS.queries(1), HIT_QUERIES);
    writeFileSync(join(directory, FLOOD_FRAME), floodFrame());
    if (this.flood.name !== 'tcp') return;
    const source = join(import.meta.dirname, 'tcp-flood.c');
    const command = ['gcc', '-O2', '-o', join(directory, FLOOD_PROGRAM), source];
    await processes.run({ name: 'gcc', command, directory }, PATIENCE_MS);
  }

  private async warmUp(port: number): Promise<void> {
    const fill = join(this.workplace.directory, 'fill.txt');
    writeQueries(fill, HITS.questions);
    const seconds = WARM_UP_SECONDS;
    const filling = {
      port,
      queryFile: fill,
      tcp: false,
      seconds: 10,
      once: true,
      outstanding: FILLING_OUTSTANDING,
    };
    await this.run(dnsperfCommand(filling), 10);
    const hot = {
      port,
      queryFile: this.hits,
      tcp: false,
      seconds,
      once: false,
      outstanding: FILLING_OUTSTANDING,
    };
    await this.run(dnsperfCommand(hot), seconds);
  }

  private async hitFigures({ place, program }: RunningServer): Promise<HitFigures> {
    const { seconds, rate = DEFAULT_RATE } = this.options;
    const before = processorSeconds(program.pid);
    const shot = {
      port: place.port,
      queryFile: this.hits,
      tcp: false,
      seconds,
      once: false,
      outstanding: OUTSTANDING,
      rate,
    };
    const output = await this.run(dnsperfCommand(shot), seconds);
    const spent = processorSeconds(program.pid) - before;
    const { queriesPerSecond, lost, seconds: taken } = parseStatistics(output);
    const latencies = parseLatencies(output);
    return {
      answersPerSecond: queriesPerSecond,
      lost,
      p50Ms: percentile(latencies, 50),
      p90Ms: percentile(latencies, 90),
      p99Ms: percentile(latencies, 99),
      processorShare: spent / taken,
    };
  }

  private async beside(running: RunningServer, round: number): Promise<HitFigures> {
    const flooding = this.startFlood(running.place.port, round);
    try {
      await delay(RISE_MS);
      const figures = await this.hitFigures(running);
      if (flooding.ending !== undefined) throw new Error(`the flood ended with ${flooding.ending}`);
      return figures;
    } finally {
      flooding.kill();
      await delay(FALL_MS);
    }
  }

  private startFlood(port: number, round: number): Program {
    const { directory, processes } = this.workplace;
    const { questions } = this.flood;
    if (questions !== undefined) {
      const count = FLOOD_QUERIES_PER_SECOND * (this.options.seconds + 1);
      writeQueries(join(directory, FLOOD_QUERIES), questions(round), count);
    }
    const command = this.floodSide(this.flood.command(port, directory));
    return processes.start({ name: 'flood', command, directory });
  }

  private floodSide(command: readonly string[]): string[] {
    return this.on(CLIENT_CPU, humbly(command), AFTER_THEM);
  }

  private on(cpu: number, command: readonly string[], niceness: number): string[] {
    return pinned(cpu, command, this.options.prefer ? niceness : undefined);
  }

  private async run(command: readonly string[], seconds: number): Promise<string> {
    const { directory, processes } = this.workplace;
    const options = { name: 'dnsperf', command: this.on(CLIENT_CPU, command, FIRST), directory };
    return await processes.run(options, seconds * 1_000 + PATIENCE_MS);
  }
}
