/**
 * A worker's end of the channel to the first process. Without that process nobody would watch the worker, count it or stop it, so its end is
 * the worker's end too, at once: the sockets of a process that lives on would keep the port from its successor.
 */
import { WORKER_VARIABLE } from './messages.ts';
import type { FromWorker, ToWorker } from './messages.ts';

export interface Channel {
  /** From 1 on. */
  readonly number: number;
  tell(message: FromWorker): void;
  /** Resolves when the first process has it, or cannot be reached, or after `timeoutMs`. */
  tellAndWait(message: FromWorker, timeoutMs: number): Promise<void>;
  /** Messages that came before are kept for it. */
  listen(told: (message: ToWorker) => void, orphaned: () => void): void;
}

/** The channel of this process, if it was started as a worker; a variable of that name alone makes none. */
export function openChannel(): Channel | undefined {
  const number = Number(process.env[WORKER_VARIABLE]);
  if (process.send === undefined || !Number.isInteger(number) || number < 1) return undefined;
  return {
    number,
    tell: (message) => send(message, () => undefined),
    tellAndWait: (message, timeoutMs) =>
      new Promise((resolve) => {
        setTimeout(resolve, timeoutMs);
        send(message, resolve);
      }),
    listen(told, orphaned) {
      process.on('disconnect', orphaned);
      process.on('message', (message) => told(message as ToWorker));
      if (!process.connected) orphaned();
    },
  };
}

function send(message: FromWorker, done: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, done);
  else done();
}
