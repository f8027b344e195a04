/** A worker as a process: this program once more, with a channel to it. What it is told, and what its end means, is decided elsewhere. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { messageOf } from '../base/error-message.ts';
import { WORKER_VARIABLE } from './messages.ts';
import type { FromWorker, ToWorker } from './messages.ts';

export interface WorkerProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Never throws: to one that has ended nothing is said. */
  tell(message: ToWorker): void;
  kill(): void;
}

export interface WorkerEvents {
  told(message: FromWorker): void;
  /** Comes once, after the last message. @param clean it ended by itself and with exit code 0 */
  ended(reason: string, clean: boolean): void;
}

export type StartWorker = (number: number, events: WorkerEvents) => WorkerProcess;

/** A debugger's port is one process's. */
const DEBUGGING = /^--inspect/;

/**
 * Starts this program as it was started itself, with the number in its environment. It logs where we log, and reads no standard input.
 *
 * @param execArgv Node's own flags
 */
export function startWorkerProcess(
  number: number,
  events: WorkerEvents,
  execArgv: readonly string[],
): WorkerProcess {
  const flags = execArgv.filter((flag) => !DEBUGGING.test(flag));
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...flags, ...process.argv.slice(1)], {
      env: { ...process.env, [WORKER_VARIABLE]: String(number) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
  } catch (error) {
    setImmediate(() => events.ended(messageOf(error), false));
    return { pid: undefined, tell: () => undefined, kill: () => undefined };
  }
  let failure: string | undefined;
  child.on('message', (message) => events.told(message as FromWorker));
  child.on('error', (error) => (failure ??= messageOf(error)));
  // Unlike `exit` this comes when the channel has been read to its end.
  child.once('close', (code, signal) => {
    const ending = signal === null ? `exit code ${code}` : `killed by ${signal}`;
    events.ended(child.pid === undefined ? (failure ?? ending) : ending, code === 0);
  });
  return {
    pid: child.pid,
    // What cannot be said is said to one that ends; its end is told apart.
    tell: (message) => void (child.connected && child.send(message, () => undefined)),
    kill: () => void child.kill('SIGKILL'),
  };
}
