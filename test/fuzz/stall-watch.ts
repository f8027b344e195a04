/**
 * Ends the process when a round does not end: a loop without end in a parser would keep this whole thread, so another one watches the
 * number of the round. Started as a worker by `watchForStalls`.
 */
import { writeSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

const STALL_MS = 20_000;
const LOOK_EVERY_MS = 1_000;

export interface StallWatch {
  /** To be called with each round that begins. */
  begin(round: number): void;
  stop(): Promise<unknown>;
}

/** @param again the command that runs a round once more; the number of the round is put behind it */
export function watchForStalls(again: string): StallWatch {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { shared, again } });
  worker.unref();
  return {
    begin: (round) => void Atomics.store(shared, 0, round),
    stop: () => worker.terminate(),
  };
}

interface WatchData {
  readonly shared: Int32Array;
  readonly again: string;
}

function watch({ shared, again }: WatchData): void {
  let round = -1;
  let sinceMs = 0;
  setInterval(() => {
    const current = Atomics.load(shared, 0);
    if (current !== round) {
      round = current;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > STALL_MS) {
      writeSync(2, `round ${round} did not end within ${STALL_MS / 1000} s\nagain: ${again} ${round}\n`);
      // The thread that stalls cannot be asked to end.
      process.kill(process.pid, 'SIGKILL');
    }
  }, LOOK_EVERY_MS);
}

if (!isMainThread && isWatchData(workerData)) watch(workerData);

function isWatchData(data: unknown): data is WatchData {
  return typeof data === 'object' && data !== null && 'shared' in data && 'again' in data;
}
