/**
 * One worker as the first process sees it: started, configured, asked for its numbers, replaced when it ends without being told to, killed
 * when it does not react. It goes through many processes; its number stays.
 *
 * ```
 *   launch ──► starting ──serving──► serving ──end──► pause (100 ms … 5 s) ──► launch
 *                 └──────────end───────────────────────►┘        retire: from anywhere, for good
 * ```
 */
import type { ServerBlock } from '../corefile/parse.ts';
import type { Log } from '../observe/log-types.ts';
import type { Counter } from '../observe/metric-types.ts';
import type { Snapshot } from './add-snapshots.ts';
import type { FromWorker } from './messages.ts';
import type { StartWorker, WorkerProcess } from './worker-process.ts';

/** Pauses before a replacement, doubling from the first to the longest. */
export const FIRST_PAUSE_MS = 100;
export const LONGEST_PAUSE_MS = 5_000;
/** One that has served this long did not die of how it began: the next pause is the first again. */
export const STEADY_MS = 10_000;
/** Looks (see `look`) without a word after which it is killed: the kernel would go on giving it clients. */
export const MOST_SILENT_LOOKS = 3;
/** The same for one that has not said its first word: a busy machine takes its time to start a process. */
export const MOST_STARTING_LOOKS = 15;

export interface WorkerTools {
  readonly start: StartWorker;
  readonly log: Log;
  readonly restarts: Counter;
  /** The configuration that a new process begins with. */
  blocks(): readonly ServerBlock[];
  /** Runs when it begins to serve and when it has ended. */
  changed(): void;
  /** Takes over what a process has counted that is no more. */
  inherit(numbers: Snapshot): void;
}

export class Worker {
  readonly number: number;
  private readonly tools: WorkerTools;
  private process: WorkerProcess | undefined;
  private serving = false;
  private heard = false;
  private notReady: readonly string[] = [];
  private latest: Snapshot = [];
  private refusal: string | undefined;
  /** Whoever waits for an answer to `ask`, in the order of asking, which is that of answers. */
  private waiting: (() => void)[] = [];
  private silentLooks = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private pause: NodeJS.Timeout | undefined;
  private steady: NodeJS.Timeout | undefined;
  private retired = false;
  private readonly gone = Promise.withResolvers<void>();

  constructor(number: number, tools: WorkerTools) {
    this.number = number;
    this.tools = tools;
    this.launch();
  }

  /** Whether clients are answered, by whatever configuration. */
  get serves(): boolean {
    return this.serving;
  }

  get isReady(): boolean {
    return this.serving && this.notReady.length === 0;
  }

  /** What its process had counted when it was heard of last; nothing when there is none. */
  get numbers(): Snapshot {
    return this.latest;
  }

  /** Takes another configuration over; one that cannot ends, and its replacement begins with it. */
  configure(blocks: readonly ServerBlock[]): void {
    this.process?.tell({ kind: 'configure', blocks });
  }

  /** Resolves to whether `numbers` are of now: false for one that did not answer in time. At once where there is nobody to ask. */
  ask(timeoutMs: number): Promise<boolean> {
    if (!this.heard) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.sendAsk(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Runs every few seconds: keeps `numbers` fresh, and kills a process that does not react. */
  look(): void {
    if (this.process === undefined) return;
    const isLate = this.waiting.length > 0 || !this.heard;
    this.silentLooks = isLate ? this.silentLooks + 1 : 0;
    if (this.silentLooks >= (this.heard ? MOST_SILENT_LOOKS : MOST_STARTING_LOOKS)) {
      this.refusal ??= 'it did not react';
      this.process.kill();
    } else if (this.heard) this.sendAsk(() => undefined);
  }

  /** Lets it answer what it was asked and end, for good. Resolves when it has. */
  retire(lameduck: boolean): Promise<void> {
    this.retired = true;
    clearTimeout(this.pause);
    if (this.process === undefined) this.gone.resolve();
    else this.process.tell({ kind: 'stop', lameduck });
    return this.gone.promise;
  }

  kill(): void {
    this.process?.kill();
  }

  private launch(): void {
    this.refusal = undefined;
    this.silentLooks = 0;
    const process = this.tools.start(this.number, {
      told: (message) => this.told(message),
      ended: (reason, clean) => this.ended(process.pid, reason, clean),
    });
    this.process = process;
    this.configure(this.tools.blocks());
  }

  private sendAsk(answered: () => void): void {
    this.waiting.push(answered);
    this.process?.tell({ kind: 'ask' });
  }

  private told(message: FromWorker): void {
    this.heard = true;
    this.silentLooks = 0;
    switch (message.kind) {
      case 'serving':
        this.begin();
        break;
      case 'refused':
        this.refusal = message.reason;
        break;
      case 'numbers':
        this.latest = message.families;
        this.notReady = message.notReady;
        this.waiting.shift()?.();
        break;
    }
  }

  private begin(): void {
    if (this.serving) return;
    this.serving = true;
    this.steady = setTimeout(() => (this.pauseMs = FIRST_PAUSE_MS), STEADY_MS);
    this.tools.changed();
  }

  private ended(pid: number | undefined, reason: string, clean: boolean): void {
    clearTimeout(this.steady);
    this.process = undefined;
    this.serving = false;
    this.heard = false;
    this.notReady = [];
    this.tools.inherit(this.latest);
    this.latest = [];
    for (const answered of this.waiting.splice(0)) answered();
    this.tools.changed();
    if (this.retired) this.gone.resolve();
    else this.replace(pid, reason, clean);
  }

  private replace(pid: number | undefined, reason: string, clean: boolean): void {
    const { log, restarts } = this.tools;
    const process = pid === undefined ? '' : ` (pid ${pid})`;
    const why = this.refusal === undefined ? reason : `${reason}: ${this.refusal}`;
    const message = `worker ${this.number}${process} ended: ${why}; another one starts in ${this.pauseMs} ms`;
    if (clean) log.warn(message);
    else log.error(message);
    this.pause = setTimeout(() => {
      restarts.value++;
      this.launch();
    }, this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
