import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerBlock } from '../../src/corefile/parse.ts';
import { addSnapshots } from '../../src/workers/add-snapshots.ts';
import { LOOK_MS, SCRAPE_WAIT_MS } from '../../src/workers/supervisor.ts';
import {
  FIRST_PAUSE_MS,
  LONGEST_PAUSE_MS,
  MOST_SILENT_LOOKS,
  MOST_STARTING_LOOKS,
  STEADY_MS,
} from '../../src/workers/worker.ts';
import { scriptedWorkers } from './scripted-workers.ts';
import type { Scripted } from './scripted-workers.ts';

const RESTARTS = 'nodelocaldns_worker_restarts_total';
const LATE = 'nodelocaldns_worker_late_numbers_total';
const WORKERS = 'nodelocaldns_workers';

const blocks = (key: string): ServerBlock[] => [
  { keys: [key], file: 'Corefile', line: 1, directives: new Map() },
];
const FIRST = blocks('first');
const SECOND = blocks('second');

/** What a page would say of a counter that workers have. */
const asked = async ({ supervisor }: Scripted): Promise<number> => {
  const family = addSnapshots(await supervisor.numbers()).find(({ name }) => name === 'asked_total');
  return family === undefined || family.type === 'histogram' ? 0 : family.samples[0].value;
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the number of workers', () => {
  it('is one process less than the configuration says, each begun with that configuration', () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 3);
    expect(processes.map(({ number }) => number)).toEqual([1, 2]);
    expect(processes.map(({ told }) => told)).toEqual([
      [{ kind: 'configure', blocks: FIRST }],
      [{ kind: 'configure', blocks: FIRST }],
    ]);
  });

  it('is told once, when all of them serve', () => {
    const { supervisor, processes, log, metrics } = scriptedWorkers();
    supervisor.configure(FIRST, 3);
    const said = (): string[] => log.lines.filter((line) => line.includes('workers serve'));
    processes[0].serve();
    expect(metrics.value(WORKERS)).toBe(2);
    expect(said()).toEqual([]);
    processes[1].serve();
    expect(metrics.value(WORKERS)).toBe(3);
    expect(said()).toEqual(['info 3 workers serve']);
    supervisor.configure(SECOND, 3);
    processes[0].serve();
    expect(said()).toHaveLength(1);
  });

  it('is warned of when it is larger than that of the processors', () => {
    const { supervisor, log } = scriptedWorkers();
    supervisor.configure(FIRST, availableParallelism());
    expect(log.lines).toEqual([]);
    supervisor.configure(FIRST, availableParallelism() + 1);
    expect(log.lines).toEqual([expect.stringMatching(/^warn \d+ workers are more than the \d+ processors/)]);
  });

  it('grows by a reload, and the others take its configuration over', () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].serve();
    supervisor.configure(SECOND, 3);
    expect(processes.map(({ told }) => told.at(-1))).toEqual([
      { kind: 'configure', blocks: SECOND },
      { kind: 'configure', blocks: SECOND },
    ]);
    expect(processes[1].number).toBe(2);
  });

  it('shrinks by a reload: the last ones are stopped, and not replaced', async () => {
    const { supervisor, processes, log } = scriptedWorkers();
    supervisor.configure(FIRST, 3);
    for (const process of processes) process.serve();
    supervisor.configure(SECOND, 2);
    expect(processes[0].told.at(-1)).toEqual({ kind: 'configure', blocks: SECOND });
    expect(processes[1].told.at(-1)).toEqual({ kind: 'stop', lameduck: false });
    processes[1].end('exit code 0', true);
    await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
    expect(processes).toHaveLength(2);
    expect(log.lines.filter((line) => line.includes('ended'))).toEqual([]);
  });
});

describe('a worker that ends', () => {
  it('is replaced, counted, and told of once with the reason', async () => {
    const { supervisor, processes, log, metrics } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].serve();
    log.lines.length = 0;
    processes[0].end('killed by SIGKILL');
    expect(metrics.value(WORKERS)).toBe(1);
    await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS - 1);
    expect(processes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(processes).toHaveLength(2);
    expect(processes[1]).toMatchObject({ number: 1, told: [{ kind: 'configure', blocks: FIRST }] });
    processes[1].serve();
    expect(metrics.value(WORKERS)).toBe(2);
    expect(metrics.value(RESTARTS)).toBe(1);
    expect(log.lines).toEqual([
      'error worker 1 (pid 101) ended: killed by SIGKILL; another one starts in 100 ms',
    ]);
  });

  it('begins again with the configuration of that moment', async () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].end();
    supervisor.configure(SECOND, 2);
    await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    expect(processes[1].told).toEqual([{ kind: 'configure', blocks: SECOND }]);
  });

  it('because it could not follow says why', () => {
    const { supervisor, processes, log } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].refuse('plugin/hosts: no');
    processes[0].end('exit code 1');
    expect(log.lines).toEqual([
      'error worker 1 (pid 101) ended: exit code 1: plugin/hosts: no; another one starts in 100 ms',
    ]);
  });

  it('by itself and in order is a warning', () => {
    const { supervisor, processes, log } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].serve();
    processes[0].end('exit code 0', true);
    expect(log.lines.at(-1)).toMatch(/^warn worker 1 \(pid 101\) ended: exit code 0;/);
  });

  it('again and again is replaced ever more slowly, up to 5 s', async () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    for (const pauseMs of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
      const before = processes.length;
      processes.at(-1)?.end();
      await vi.advanceTimersByTimeAsync(pauseMs - 1);
      expect(processes, `before ${pauseMs} ms`).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(processes, `after ${pauseMs} ms`).toHaveLength(before + 1);
    }
  });

  it('after it has served a while is replaced soon again', async () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].end();
    await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    processes[1].serve();
    // It answers whenever it is asked.
    vi.spyOn(processes[1].told, 'push').mockImplementation(() => {
      queueMicrotask(() => processes[1].answer(0));
      return 0;
    });
    await vi.advanceTimersByTimeAsync(STEADY_MS);
    processes[1].end();
    await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    expect(processes).toHaveLength(3);
  });
});

describe('a worker that does not react', () => {
  it('is killed after a few seconds', async () => {
    const { supervisor, processes, log } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].serve();
    await vi.advanceTimersByTimeAsync(LOOK_MS);
    processes[0].answer(1);
    await vi.advanceTimersByTimeAsync(LOOK_MS * MOST_SILENT_LOOKS);
    expect(processes[0].killed).toBe(false);
    await vi.advanceTimersByTimeAsync(LOOK_MS);
    expect(processes[0].killed).toBe(true);
    processes[0].end();
    expect(log.lines.at(-1)).toContain('ended: killed by SIGKILL: it did not react;');
  });

  it('is given time to start', async () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    await vi.advanceTimersByTimeAsync(LOOK_MS * (MOST_STARTING_LOOKS - 1));
    expect(processes[0].killed).toBe(false);
    await vi.advanceTimersByTimeAsync(LOOK_MS);
    expect(processes[0].killed).toBe(true);
  });
});

describe('the numbers', () => {
  it('are those of now, of every worker', async () => {
    const scripted = scriptedWorkers();
    scripted.supervisor.configure(FIRST, 3);
    for (const process of scripted.processes) process.serve();
    const page = asked(scripted);
    scripted.processes[0].answer(5);
    scripted.processes[1].answer(7);
    expect(await page).toBe(12);
  });

  it('wait for the answer to their own question, not to one that was asked before', async () => {
    const scripted = scriptedWorkers();
    scripted.supervisor.configure(FIRST, 2);
    const [process] = scripted.processes;
    process.serve();
    await vi.advanceTimersByTimeAsync(LOOK_MS);
    const page = asked(scripted);
    expect(process.count('ask')).toBe(2);
    process.answer(1);
    process.answer(2);
    expect(await page).toBe(2);
  });

  it('do not wait long for one that is silent: what it said last stands, and that is counted', async () => {
    const scripted = scriptedWorkers();
    const { supervisor, processes, metrics } = scripted;
    supervisor.configure(FIRST, 3);
    for (const process of processes) process.serve();
    await vi.advanceTimersByTimeAsync(LOOK_MS);
    for (const process of processes) process.answer(10);
    const page = asked(scripted);
    processes[0].answer(11);
    await vi.advanceTimersByTimeAsync(SCRAPE_WAIT_MS);
    expect(await page).toBe(21);
    expect(metrics.value(LATE)).toBe(1);
  });

  it('do not wait for one that starts', async () => {
    const scripted = scriptedWorkers();
    scripted.supervisor.configure(FIRST, 2);
    expect(await asked(scripted)).toBe(0);
    expect(scripted.metrics.value(LATE)).toBe(0);
  });

  it('never go down when workers end, while they are asked for or before', async () => {
    const scripted = scriptedWorkers();
    const { supervisor, processes } = scripted;
    supervisor.configure(FIRST, 2);
    processes[0].serve();
    await vi.advanceTimersByTimeAsync(LOOK_MS);
    processes[0].answer(10);
    const page = asked(scripted);
    processes[0].end();
    expect(await page).toBe(10);
    await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    processes[1].serve();
    const next = asked(scripted);
    processes[1].answer(1);
    expect(await next).toBe(11);
    // The last word of one that ends in order.
    processes[1].answer(4);
    processes[1].end('exit code 0', true);
    expect(await asked(scripted)).toBe(14);
  });

  it('keep those of a worker that a reload took away', async () => {
    const scripted = scriptedWorkers();
    const { supervisor, processes } = scripted;
    supervisor.configure(FIRST, 2);
    processes[0].serve();
    supervisor.configure(SECOND, 1);
    const page = asked(scripted);
    processes[0].answer(3);
    expect(await page).toBe(3);
    processes[0].end('exit code 0', true);
    expect(await asked(scripted)).toBe(3);
  });
});

describe('readiness', () => {
  it('names every worker that does not serve, or has a plugin that is not ready', async () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 3);
    expect(supervisor.notReady()).toEqual(['worker 1', 'worker 2']);
    processes[0].serve();
    expect(supervisor.notReady()).toEqual(['worker 2']);
    processes[1].serve();
    expect(supervisor.notReady()).toEqual([]);
    processes[1].answer(0, ['kubernetes']);
    expect(supervisor.notReady()).toEqual(['worker 2']);
    processes[1].answer(0);
    // Another configuration is taken over while the old one answers.
    supervisor.configure(SECOND, 3);
    expect(supervisor.notReady()).toEqual([]);
    processes[0].end();
    expect(supervisor.notReady()).toEqual(['worker 1']);
  });
});

describe('a stop', () => {
  it('is passed on, and is over when all workers have ended', async () => {
    const { supervisor, processes, log } = scriptedWorkers();
    supervisor.configure(FIRST, 3);
    for (const process of processes) process.serve();
    const over = vi.fn();
    void supervisor.stop(true, 5_000).then(over);
    expect(processes.map(({ told }) => told.at(-1))).toEqual([
      { kind: 'stop', lameduck: true },
      { kind: 'stop', lameduck: true },
    ]);
    processes[0].end('exit code 0', true);
    await vi.advanceTimersByTimeAsync(0);
    expect(over).not.toHaveBeenCalled();
    processes[1].end('exit code 0', true);
    await vi.advanceTimersByTimeAsync(0);
    expect(over).toHaveBeenCalled();
    expect(processes.map(({ killed }) => killed)).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
    expect(processes).toHaveLength(2);
    expect(log.lines.filter((line) => line.includes('ended'))).toEqual([]);
  });

  it('kills those that have not ended in time', async () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].serve();
    const over = supervisor.stop(false, 5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(processes[0].killed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await over;
    expect(processes[0].killed).toBe(true);
  });

  it('starts nothing any more: no replacement that was due, no configuration', async () => {
    const { supervisor, processes } = scriptedWorkers();
    supervisor.configure(FIRST, 2);
    processes[0].end();
    await supervisor.stop(false, 5_000);
    supervisor.configure(SECOND, 4);
    await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
    expect(processes).toHaveLength(1);
  });
});
