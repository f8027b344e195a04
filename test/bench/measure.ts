/**
 * The measurement: caches filled, code warmed up, then rounds in which every server has the same load in turn, so that all see the same
 * neighbours on the machine. The figure is the server's processor time for each query that was answered.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { OUTSTANDING, shoot } from './dnsperf.ts';
import type { Shot, ShotResult } from './dnsperf.ts';
import type { Load } from './loads.ts';
import type { Processes } from './processes.ts';
import { processorSeconds } from './processor-time.ts';
import type { RunningServer } from './running-server.ts';
import type { RunningUpstream } from './running-upstream.ts';
import { percentile } from './statistics.ts';
import { writeQueries } from './write-queries.ts';

export interface Plan {
  readonly load: Load;
  readonly tcp: boolean;
  readonly rate: number | undefined;
  readonly rounds: number;
  /** Seconds of one round. */
  readonly seconds: number;
  /** For files of queries. */
  readonly directory: string;
}

/** One server in one round. */
export interface Round extends Omit<ShotResult, 'latenciesMs'> {
  readonly processorSeconds: number;
  readonly microsecondsPerAnswer: number;
  /** Only at a fixed rate. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** What the upstream was asked meanwhile. */
  readonly upstreamQueries: number;
}

/** Lines of a file that is asked again and again. */
const LOOPED_QUERIES = 50_000;
/** Unique names written for each second; more than any server here fetches on a machine that also runs the load and the upstream. */
const MISSES_PER_SECOND = 80_000;
/** A pace at which no server drops queries while its cache is filled. */
const FILLING_OUTSTANDING = 20;
const FILLING_SECONDS = 10;
const FILLING_TRIES = 3;
const WARM_UP_SECONDS = 1;
/** At most; some 60,000 queries one after the other. */
const SINGLE_WARM_UP_SECONDS = 3;
const MICROSECONDS = 1_000_000;

export class Measurement {
  private readonly plan: Plan;
  private readonly upstream: RunningUpstream;
  private readonly processes: Processes;

  constructor(plan: Plan, upstream: RunningUpstream, processes: Processes) {
    this.plan = plan;
    this.upstream = upstream;
    this.processes = processes;
  }

  /**
   * Fills the server's cache and lets it work for a second as fast as it can, unmeasured: programs that compile themselves as they run do so
   * for the first hundred thousand answers, which at a fixed rate would be most of the measurement. There queries come alone, which may be another
   * way through the server than a crowd takes, and so some come alone before too.
   *
   * @throws {Error} when it does not answer what its cache is to be filled with
   */
  async warmUp(running: RunningServer): Promise<void> {
    const { load, seconds, rate } = this.plan;
    if (load.questions.length > 0 && running.server.role !== 'floor') await this.fill(running);
    const file = this.writeRound(0);
    await this.shootAt(running, file, Math.min(WARM_UP_SECONDS, seconds));
    if (rate === undefined) return;
    await this.shootAt(running, file, Math.min(SINGLE_WARM_UP_SECONDS, seconds), { outstanding: 1 });
  }

  /**
   * One round of all servers, another one first each time.
   *
   * @param round counts from 1
   * @param tell is called with each result as it comes
   * @param fail is called when one gave none
   */
  async round(
    servers: readonly RunningServer[],
    round: number,
    tell: (running: RunningServer, result: Round) => void,
    fail: (running: RunningServer, error: unknown) => void,
  ): Promise<void> {
    const file = this.writeRound(round);
    const first = (round - 1) % servers.length;
    for (const running of [...servers.slice(first), ...servers.slice(0, first)]) {
      try {
        tell(running, await this.measure(running, file));
      } catch (error) {
        fail(running, error);
      }
    }
    rmSync(file);
  }

  private async measure(running: RunningServer, file: string): Promise<Round> {
    const { pid } = running.program;
    const askedBefore = await this.upstream.queries();
    const secondsBefore = processorSeconds(pid);
    const { latenciesMs, ...result } = await this.shootAt(running, file, this.plan.seconds, {
      rate: this.plan.rate,
    });
    const spent = processorSeconds(pid) - secondsBefore;
    if (running.program.ending !== undefined) throw new Error(`ended with ${running.program.ending}`);
    if (result.completed === 0) throw new Error('answered nothing');
    return {
      ...result,
      processorSeconds: spent,
      microsecondsPerAnswer: (spent / result.completed) * MICROSECONDS,
      ...(latenciesMs.length > 0 && {
        p50Ms: percentile(latenciesMs, 50),
        p99Ms: percentile(latenciesMs, 99),
      }),
      upstreamQueries: (await this.upstream.queries()) - askedBefore,
    };
  }

  /** Over UDP always: a server that answers a TCP connection in a process of its own fills no other cache than that one's. */
  private async fill(running: RunningServer): Promise<void> {
    const file = join(this.plan.directory, 'fill.txt');
    writeQueries(file, this.plan.load.questions);
    let lost = 0;
    for (let tries = 0; tries < FILLING_TRIES; tries++) {
      const result = await this.shoot({
        port: running.place.port,
        queryFile: file,
        tcp: false,
        seconds: FILLING_SECONDS,
        once: true,
        outstanding: FILLING_OUTSTANDING,
      });
      lost = result.lost;
      if (lost === 0) return;
    }
    throw new Error(`${lost} of ${this.plan.load.questions.length} questions are not answered`);
  }

  private writeRound(round: number): string {
    const { load, seconds, directory } = this.plan;
    const file = join(directory, `round-${round}.txt`);
    const count =
      load.questions.length > 0 ? LOOPED_QUERIES : MISSES_PER_SECOND * Math.max(seconds, WARM_UP_SECONDS);
    writeQueries(file, load.queries(round), count);
    return file;
  }

  private shootAt(
    { place }: RunningServer,
    queryFile: string,
    seconds: number,
    pace: Partial<Pick<Shot, 'rate' | 'outstanding'>> = {},
  ): Promise<ShotResult> {
    const { load, tcp } = this.plan;
    const once = load.questions.length === 0;
    return this.shoot({ port: place.port, queryFile, tcp, seconds, once, outstanding: OUTSTANDING, ...pace });
  }

  private shoot(shot: Shot): Promise<ShotResult> {
    return shoot(shot, this.plan.directory, this.processes);
  }
}
