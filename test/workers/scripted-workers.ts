/** Workers whose processes a test plays itself: what each was told, what it says, and when it ends. */
import type { FamilySnapshot } from '../../src/observe/metrics.ts';
import type { ToWorker } from '../../src/workers/messages.ts';
import { Supervisor } from '../../src/workers/supervisor.ts';
import type { WorkerEvents } from '../../src/workers/worker-process.ts';
import { FakeLog, FakeMetrics } from '../support/setup-context.ts';

export class ScriptedProcess {
  readonly number: number;
  readonly pid: number;
  readonly told: ToWorker[] = [];
  killed = false;
  private readonly events: WorkerEvents;

  constructor(number: number, pid: number, events: WorkerEvents) {
    this.number = number;
    this.pid = pid;
    this.events = events;
  }

  /** How often it was told this. */
  count(kind: ToWorker['kind']): number {
    return this.told.filter((message) => message.kind === kind).length;
  }

  serve(): void {
    this.events.told({ kind: 'serving' });
  }

  refuse(reason: string): void {
    this.events.told({ kind: 'refused', reason });
  }

  /** Says what it has counted, as the answer to one question. */
  answer(asked: number, notReady: readonly string[] = []): void {
    this.events.told({ kind: 'numbers', families: [counter('asked_total', asked)], notReady });
  }

  end(reason = 'killed by SIGKILL', clean = false): void {
    this.events.ended(reason, clean);
  }
}

export interface Scripted {
  readonly supervisor: Supervisor;
  readonly log: FakeLog;
  readonly metrics: FakeMetrics;
  /** Every process that was started, the oldest first. */
  readonly processes: ScriptedProcess[];
}

export function scriptedWorkers(): Scripted {
  const processes: ScriptedProcess[] = [];
  const log = new FakeLog();
  const metrics = new FakeMetrics();
  const supervisor = new Supervisor({
    log,
    metrics,
    start: (number, events) => {
      const process = new ScriptedProcess(number, 101 + processes.length, events);
      processes.push(process);
      return {
        pid: process.pid,
        tell: (message) => void process.told.push(message),
        kill: () => void (process.killed = true),
      };
    },
  });
  return { supervisor, log, metrics, processes };
}

const counter = (name: string, value: number): FamilySnapshot => ({
  type: 'counter',
  name,
  help: name,
  labelNames: [],
  samples: [{ labelValues: [], value }],
});
