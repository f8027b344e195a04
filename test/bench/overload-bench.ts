/**
 * `npm run bench -- --overload`: what other clients get while one pod floods the server. The server has one processor; who floods, who
 * asks and the upstream share another. Three clients with addresses of their own ask at a fixed rate: for what is cached, for what is
 * not, and over TCP. The flood's own rate is printed, since a flood that is slower than it should be proves nothing.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { backlogDrops } from './backlog-drops.ts';
import { build, haveTools } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { dnsperfCommand } from './dnsperf.ts';
import { parseLatencies, parseStatistics } from './dnsperf-output.ts';
import { FLOOD_FRAME, floodFrame } from './floods.ts';
import { anonymousMib } from './footprint.ts';
import { HITS, MISSES } from './loads.ts';
import type { BenchOptions } from './options.ts';
import { OVERLOAD_FLOODS, ratesOf } from './overload-floods.ts';
import type { OverloadFlood } from './overload-floods.ts';
import { clientRound, formatOverload } from './overload-summary.ts';
import type { ClientRound } from './overload-summary.ts';
import { AFTER_THEM, FIRST, pinned } from './pinned.ts';
import type { Program } from './processes.ts';
import { processorSeconds } from './processor-time.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { startUpstream } from './running-upstream.ts';
import type { Server } from './servers/server.ts';
import { writeQueries } from './write-queries.ts';

const SERVER_CPU = 0;
const CLIENT_CPU = 1;
const PATIENCE_MS = 20_000;
/** The flood is at its height by then, and what it left is gone after. */
const RISE_MS = 2_000;
const FALL_MS = 5_000;
const FILE_QUERIES = 50_000;

interface Client {
  readonly name: string;
  readonly address: string;
  /** Queries per second: what some busy pods ask together. */
  readonly rate: number;
  readonly tcp: boolean;
  readonly file: string;
}

const CLIENTS: readonly Client[] = [
  { name: 'cached names', address: '127.0.0.2', rate: 2_000, tcp: false, file: 'hits.txt' },
  { name: 'new names', address: '127.0.0.3', rate: 200, tcp: false, file: 'misses.txt' },
  { name: 'cached names over TCP', address: '127.0.0.4', rate: 200, tcp: true, file: 'hits.txt' },
];

/** @throws {Error} when the server cannot be started or asked */
export async function benchOverload(
  options: BenchOptions,
  servers: readonly Server[],
  workplace: Workplace,
): Promise<void> {
  await haveTools(options);
  if (options.build && servers.some(({ role }) => role === 'ours')) build();
  const bench = new OverloadBench(options, workplace);
  for (const server of servers.filter(({ role }) => role !== 'floor')) await bench.measure(server);
  process.stdout.write(`\n${workplace.command}\n`);
}

class OverloadBench {
  private readonly options: BenchOptions;
  private readonly workplace: Workplace;
  private rounds = 0;

  constructor(options: BenchOptions, workplace: Workplace) {
    this.options = options;
    this.workplace = workplace;
  }

  async measure(server: Server): Promise<void> {
    const { directory, processes } = this.workplace;
    const { port: upstreamPort } = await startUpstream(directory, processes, (command) =>
      this.onClientSide(command),
    );
    const onItsProcessor: Server = {
      ...server,
      command: (place) => this.on(SERVER_CPU, FIRST, server.command(place)),
    };
    const running = await startServer(onItsProcessor, HITS, { directory, upstreamPort, processes });
    await this.prepare(running.place.port);
    await this.show(running, undefined);
    const floods = OVERLOAD_FLOODS.filter(({ name }) => this.options.floods?.includes(name) ?? true);
    for (const flood of floods) await this.show(running, flood);
    running.program.kill();
  }

  private async show(running: RunningServer, flood: OverloadFlood | undefined): Promise<void> {
    const rounds: ClientRound[][] = CLIENTS.map(() => []);
    const notes: string[] = [];
    for (let round = 0; round < this.options.rounds; round++) {
      const { clients, note } = await this.round(running, flood);
      clients.forEach((figures, index) => rounds[index].push(figures));
      notes.push(note);
    }
    const rows = CLIENTS.map(({ name }, index) => ({ client: name, rounds: rounds[index] }));
    const title = flood === undefined ? 'in peace' : `beside ${flood.describe}`;
    process.stdout.write(
      `\n${running.server.name}, ${title}\n${notes.join('\n')}\n${formatOverload(rows)}\n`,
    );
  }

  /** All clients at once. */
  private async round(
    running: RunningServer,
    flood: OverloadFlood | undefined,
  ): Promise<{ clients: ClientRound[]; note: string }> {
    const { directory } = this.workplace;
    const { seconds } = this.options;
    writeQueries(join(directory, 'misses.txt'), MISSES.queries(++this.rounds), 1_000 * seconds);
    const flooding = flood === undefined ? undefined : this.startFlood(running.place.port, flood);
    try {
      if (flooding !== undefined) await delay(RISE_MS);
      const dropsBefore = backlogDrops();
      const [beforeSeconds, beforeMs] = [processorSeconds(running.program.pid), performance.now()];
      const clients = await Promise.all(CLIENTS.map((client) => this.ask(running.place.port, client)));
      const spent = processorSeconds(running.program.pid) - beforeSeconds;
      const share = (100 * spent * 1_000) / (performance.now() - beforeMs);
      if (flooding?.ending !== undefined) throw new Error(`the flood ended with ${flooding.ending}`);
      const note = `server ${share.toFixed(0)} % of a processor, ${noteOn(running, flooding)}`;
      return { clients, note: note + dropNote(backlogDrops() - dropsBefore) };
    } finally {
      flooding?.kill();
      if (flooding !== undefined) await delay(FALL_MS);
    }
  }

  private async ask(port: number, { address, rate, tcp, file }: Client): Promise<ClientRound> {
    const { directory, processes } = this.workplace;
    const { seconds } = this.options;
    const queryFile = join(directory, file);
    const shot = { port, queryFile, tcp, seconds, once: false, outstanding: rate, rate };
    const command = this.onClientSide([...dnsperfCommand(shot), '-a', address]);
    const output = await processes.run(
      { name: 'dnsperf', command, directory },
      seconds * 1_000 + PATIENCE_MS,
    );
    return clientRound(parseStatistics(output), parseLatencies(output));
  }

  private onClientSide(command: readonly string[]): string[] {
    return this.on(CLIENT_CPU, FIRST, command);
  }

  private on(cpu: number, niceness: number, command: readonly string[]): string[] {
    return pinned(cpu, command, this.options.prefer ? niceness : undefined);
  }

  private async prepare(port: number): Promise<void> {
    const { directory, processes } = this.workplace;
    writeQueries(join(directory, 'hits.txt'), HITS.queries(1), FILE_QUERIES);
    writeFileSync(join(directory, FLOOD_FRAME), floodFrame());
    for (const [program, source] of new Map(OVERLOAD_FLOODS.map((flood) => [flood.program, flood.source]))) {
      const command = ['gcc', '-O2', '-o', join(directory, program), join(import.meta.dirname, source)];
      await processes.run({ name: 'gcc', command, directory }, PATIENCE_MS);
    }
    const fill = join(directory, 'fill.txt');
    writeQueries(fill, HITS.questions);
    const filling = { port, queryFile: fill, tcp: false, seconds: 10, once: true, outstanding: 20 };
    const command = this.onClientSide(dnsperfCommand(filling));
    await processes.run({ name: 'dnsperf', command, directory }, PATIENCE_MS);
  }

  private startFlood(port: number, flood: OverloadFlood): Program {
    const { directory, processes } = this.workplace;
    const command = [join(directory, flood.program), ...flood.args(port, directory)];
    return processes.start({ name: 'flood', command: this.on(CLIENT_CPU, AFTER_THEM, command), directory });
  }
}

/** What the flood has done, and what the server takes for it. */
function noteOn({ program }: RunningServer, flooding: Program | undefined): string {
  const rates = flooding === undefined ? [] : [...ratesOf(flooding.output())];
  const done = rates
    .map(([what, rate]) => `${what} ${Math.round(rate).toLocaleString('en-US')}/s`)
    .join(', ');
  const memory = `${anonymousMib(program.pid).toFixed(0)} MiB`;
  return done === '' ? memory : `${memory}; flood: ${done}`;
}

/** What is lost there no server can answer. */
const dropNote = (drops: number): string =>
  drops === 0 ? '' : `; ${drops.toLocaleString('en-US')} packets of all dropped by the kernel's backlog`;
