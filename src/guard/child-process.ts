/**
 * `serve` as a child process: started with a command, signalled, and its end told once. It has a process group of its own, so that Control-C
 * reaches `run` alone, which takes the rules away first. When it is to be started, and what its end means, is `supervise.ts`'s.
 */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../base/error-message.ts';
import { LIFE_LINE, LIFE_LINE_VARIABLE } from './life-line.ts';

/** How it ended; neither code nor signal where it never began. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** In words, for the log: `exit code 1`, `SIGKILL`. */
  readonly how: string;
}

export interface ServeChild {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  /** It has no sockets any more: it is about to end, or has. Never rejects. */
  readonly closed: Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** To one that has ended nothing is sent. */
  signal(name: NodeJS.Signals): void;
}

export interface ServeCommand {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly spawnAs: { readonly uid: number; readonly gid: number } | undefined;
  /** Descriptor of ours that becomes its standard output. */
  readonly stdout: number;
}

const STDERR = 2;

export function startServe({ command, env, spawnAs, stdout }: ServeCommand): ServeChild {
  const [program = '', ...args] = command;
  try {
    const child = spawn(program, args, {
      env: { ...env, [LIFE_LINE_VARIABLE]: String(LIFE_LINE) },
      stdio: ['ignore', stdout, STDERR, 'pipe'],
      detached: true,
      ...spawnAs,
    });
    const ended = new Promise<ChildEnd>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code, signal, how: signal ?? `exit code ${code}` });
        if (child.pid !== undefined) goOn(child.pid);
      });
      // Also said of a signal that could not be sent; of a program that runs it means nothing here.
      child.on('error', (error) => child.pid === undefined && resolve(notStarted(error)));
    });
    return {
      pid: child.pid,
      closed: endOf(child.stdio[LIFE_LINE]),
      ended,
      signal: (name) => void child.kill(name),
    };
  } catch (error) {
    const ended = Promise.resolve(notStarted(error));
    return { pid: undefined, closed: Promise.resolve(), ended, signal: () => undefined };
  }
}

/**
 * What was stopped from outside together with the child would never end: its workers, and the process that held its memory
 * (`cli/memory-holder.ts`). They are in its process group, and nobody else is.
 */
function goOn(group: number): void {
  try {
    process.kill(-group, 'SIGCONT');
  } catch {
    // Nobody is left, as it should be.
  }
}

const endOf = (line: Readable | Writable | null | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (line === null || line === undefined) return resolve();
    line.on('error', () => undefined);
    line.on('close', resolve);
    // Only what is read comes to an end.
    if ('resume' in line) line.resume();
  });

const notStarted = (error: unknown): ChildEnd => ({
  code: null,
  signal: null,
  how: `it could not be started: ${messageOf(error)}`,
});
