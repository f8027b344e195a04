/**
 * `npm run bench -- --pauses`: how long clients may wait in a minute in which all happens that stops a program: 10,000 hits a second, and
 * beside them a scrape every few seconds, a reload, and questions that nobody answers, each of which is a line of `errors` in the end. The
 * longest answer is the longest pause, to a tenth of a millisecond, since there is always one on its way.
 */
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askMessage } from '../../src/wire/ask-message.ts';
import { writeId } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, TYPE_A } from '../../src/wire/registry.ts';
import { findTool } from '../support/tools.ts';
import { SILENT_ZONE } from './bench-zone.ts';
import { build, haveTools } from './benchmark.ts';
import type { Workplace } from './benchmark.ts';
import { whyLeftOut } from './choose.ts';
import { OUTSTANDING, shoot } from './dnsperf.ts';
import type { ShotResult } from './dnsperf.ts';
import { parseCollections } from './gc-trace.ts';
import { HITS } from './loads.ts';
import type { BenchOptions } from './options.ts';
import { formatPauses, pausesOf } from './pauses-summary.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { startUpstream } from './running-upstream.ts';
import { scrape } from './scrape.ts';
import type { Server } from './servers/server.ts';
import { writeQueries } from './write-queries.ts';

const DEFAULT_RATE = 10_000;
const SECONDS = 60;
const SMOKE_SECONDS = 2;
const SCRAPE_EVERY_MS = 5_000;
/** Questions a second that end in a line of the log. */
const ERRORS_EVERY_MS = 50;
const WARM_UP_SECONDS = 5;
const HIT_QUERIES = 50_000;

/** @throws {Error} when a server cannot be started or asked */
export async function benchPauses(
  options: BenchOptions,
  servers: readonly Server[],
  workplace: Workplace,
): Promise<void> {
  await haveTools(options);
  if (options.build) build();
  const { directory, processes } = workplace;
  const { port: upstreamPort } = await startUpstream(directory, processes);
  const [fill, hits] = ['fill.txt', 'hits.txt'].map((file) => join(directory, file));
  writeQueries(fill, HITS.questions);
  writeQueries(hits, HITS.queries(1), HIT_QUERIES);
  for (const server of servers.filter((each) => isWanted(each, options))) {
    const running = await startServer(traced(server), HITS, { directory, upstreamPort, processes });
    const ask = (queryFile: string, seconds: number, rate: number | undefined): Promise<ShotResult> => {
      const once = queryFile === fill;
      const shot = {
        port: running.place.port,
        queryFile,
        tcp: false,
        seconds,
        once,
        outstanding: OUTSTANDING,
      };
      return shoot(rate === undefined ? shot : { ...shot, rate }, directory, processes);
    };
    await ask(fill, WARM_UP_SECONDS, undefined);
    await ask(hits, options.smoke ? 1 : WARM_UP_SECONDS, undefined);
    const seconds = options.smoke ? SMOKE_SECONDS : SECONDS;
    const { rate = DEFAULT_RATE } = options;
    const printedBefore = running.program.output().length;
    const disturbing = new Disturbance(running, seconds);
    const result = await ask(hits, seconds, rate);
    const disturbances = await disturbing.end();
    const printed = running.program.output().slice(printedBefore);
    const collections = server.role === 'ours' ? parseCollections(printed) : undefined;
    const lines = printed.split('\n').filter((line) => line.includes(SILENT_ZONE)).length;
    const pauses = pausesOf(result.latenciesMs);
    process.stdout.write(
      `${formatPauses(server.name, { ...result, rate, ...disturbances, lines, pauses, collections })}\n`,
    );
    running.program.kill();
    await running.program.ended;
  }
  process.stdout.write(`${workplace.command}\n`);
}

/** Builds of ours; others where they are named, without what only ours can be told to do. */
function isWanted(server: Server, { only }: BenchOptions): boolean {
  if (server.role === 'ours') return true;
  return (
    only !== undefined && whyLeftOut(server, false, (tool) => findTool(tool) !== undefined) === undefined
  );
}

/** With V8 telling of its collections. */
const traced = (server: Server): Server =>
  server.role === 'ours'
    ? {
        ...server,
        command(place) {
          const [node, ...args] = server.command(place);
          return [node, '--trace-gc', ...args];
        },
      }
    : server;

interface Disturbances {
  readonly scrapes: number;
  readonly reloads: number;
}

/** What happens beside the hits, from its making to its end. */
class Disturbance {
  private readonly running: RunningServer;
  private readonly socket = createSocket('udp4').on('error', () => undefined);
  private readonly timers: readonly NodeJS.Timeout[];
  private readonly reloading: Promise<number>;
  private asked = 0;
  private scrapes = 0;

  constructor(running: RunningServer, seconds: number) {
    this.running = running;
    const isOurs = running.server.role === 'ours';
    this.timers = [
      setInterval(() => this.askSilence(), ERRORS_EVERY_MS),
      ...(isOurs ? [setInterval(() => void this.scrape(), SCRAPE_EVERY_MS)] : []),
    ];
    this.reloading = isOurs ? this.reload((seconds * 1_000) / 2) : Promise.resolve(0);
  }

  async end(): Promise<Disturbances> {
    for (const timer of this.timers) clearInterval(timer);
    this.socket.close();
    return { scrapes: this.scrapes, reloads: await this.reloading };
  }

  private async reload(afterMs: number): Promise<number> {
    await delay(afterMs);
    process.kill(this.running.program.pid, 'SIGUSR1');
    return 1;
  }

  private async scrape(): Promise<void> {
    try {
      await scrape(this.running);
      this.scrapes++;
    } catch {
      // Counted are those that came.
    }
  }

  private askSilence(): void {
    const id = this.asked++ & 0xffff;
    const question = { name: nameFromText(`p${id}.${SILENT_ZONE}`), type: TYPE_A, class: CLASS_IN };
    const message = askMessage(question, {
      recursionDesired: true,
      checkingDisabled: false,
      dnssecOk: false,
      edns: true,
    });
    writeId(message, id);
    this.socket.send(message, this.running.place.port, '127.0.0.1', () => undefined);
  }
}
