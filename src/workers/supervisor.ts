/**
 * The workers of the first process: as many as the configuration says, on the same configuration as that process, and their numbers added up.
 * One worker's life is in `worker.ts`; the sum in `add-snapshots.ts`. Nothing of this is needed to answer a query.
 *
 * Counters never go down, whatever becomes of a worker: what it counted is kept when it ends. A worker that is stopped says its last numbers
 * itself. Of one that dies, what it counted since it was asked last is lost: at most `LOOK_MS`, plus the time that an answer takes.
 */
import { availableParallelism } from 'node:os';
import type { ServerBlock } from '../corefile/parse.ts';
import type { Log } from '../observe/log-types.ts';
import type { Counter, Gauge, Metrics } from '../observe/metric-types.ts';
import { addSnapshots, withoutGauges } from './add-snapshots.ts';
import type { Snapshot } from './add-snapshots.ts';
import { Worker } from './worker.ts';
import type { StartWorker } from './worker-process.ts';

/** How often every worker is asked for its numbers, which costs it well below a millisecond. */
export const LOOK_MS = 2_000;
/** How long a scrape waits for a worker's numbers. Prometheus waits 10 s for the page, unless told otherwise. */
export const SCRAPE_WAIT_MS = 1_000;

export interface SupervisorOptions {
  readonly start: StartWorker;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly late: Counter;
  private readonly restarts: Counter;
  private readonly serving: Gauge;
  /** In the order of their numbers, from 1 on: the first process is worker 0. */
  private readonly workers: Worker[] = [];
  /** Those that have been told to end and have not yet. */
  private readonly leaving = new Set<Worker>();
  private blocks: readonly ServerBlock[] = [];
  /** What processes have counted that are no more. */
  private inherited: Snapshot = [];
  private timer: NodeJS.Timeout | undefined;
  private untold = false;
  private stopped = false;

  constructor(options: SupervisorOptions) {
    const { metrics } = options;
    this.options = options;
    this.serving = metrics
      .gauge('nodelocaldns_workers', 'Processes that serve, the first one included.')
      .with();
    this.restarts = metrics
      .counter(
        'nodelocaldns_worker_restarts_total',
        'Workers that ended without being told to, and were replaced.',
      )
      .with();
    this.late = metrics
      .counter(
        'nodelocaldns_worker_late_numbers_total',
        'Times that a worker did not give its numbers in time; those before stand for them.',
      )
      .with();
    this.serving.value = 1;
  }

  /** Brings the workers to this configuration and number, the first process included. Comes back at once. */
  configure(blocks: readonly ServerBlock[], count: number): void {
    if (this.stopped) return;
    const before = this.workers.length + 1;
    this.blocks = blocks;
    for (const worker of this.workers.splice(count - 1)) this.leave(worker);
    for (const worker of this.workers) worker.configure(blocks);
    for (let number = before; number < count; number++) this.workers.push(this.makeWorker(number));
    this.timer ??= setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
    if (count === before) return;
    this.untold = true;
    const processors = availableParallelism();
    if (count <= processors) return;
    this.options.log.warn(
      `${count} workers are more than the ${processors} processors: they cost memory and gain nothing`,
    );
  }

  /** The numbers of all workers and of those that were; waits at most `SCRAPE_WAIT_MS` for them. */
  async numbers(): Promise<Snapshot[]> {
    const fresh = await Promise.all(this.everyone().map((worker) => worker.ask(SCRAPE_WAIT_MS)));
    this.late.value += fresh.filter((isFresh) => !isFresh).length;
    return [this.inherited, ...this.everyone().map(({ numbers }) => numbers)];
  }

  /** Workers that are not ready, as `/ready` names them. */
  notReady(): string[] {
    return this.workers.filter(({ isReady }) => !isReady).map(({ number }) => `worker ${number}`);
  }

  /** Ends all workers; those that have not ended `withinMs` later are killed. Nothing is replaced from here on. */
  async stop(lameduck: boolean, withinMs: number): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    const workers = this.everyone();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        for (const worker of workers) worker.kill();
        resolve();
      }, withinMs);
    });
    await Promise.race([tooLate, Promise.all(workers.map((worker) => worker.retire(lameduck)))]);
    clearTimeout(timer);
  }

  private makeWorker(number: number): Worker {
    return new Worker(number, {
      start: this.options.start,
      log: this.options.log,
      restarts: this.restarts,
      blocks: () => this.blocks,
      changed: () => this.count(),
      inherit: (numbers) => {
        this.inherited = addSnapshots([this.inherited, withoutGauges(numbers)]);
      },
    });
  }

  private leave(worker: Worker): void {
    this.leaving.add(worker);
    void worker.retire(false).then(() => this.leaving.delete(worker));
  }

  private everyone(): Worker[] {
    return [...this.workers, ...this.leaving];
  }

  private look(): void {
    for (const worker of this.everyone()) worker.look();
  }

  private count(): void {
    const serving = this.everyone().filter(({ serves }) => serves).length + 1;
    this.serving.value = serving;
    if (!this.untold || this.stopped || !this.workers.every(({ serves }) => serves)) return;
    this.untold = false;
    this.options.log.info(`${this.workers.length + 1} workers serve`);
  }
}
