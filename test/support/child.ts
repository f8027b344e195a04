/**
 * A program that a test starts: its output as lines, waits for a line or for its end, and the promise that it does not outlive the test.
 * Started inside a test it is killed when that test finishes; started in a hook, whoever starts it calls `stop()`. It is killed in any
 * case when the process that runs the tests exits.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { TestRunner, onTestFinished } from 'vitest';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of this process; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Runs once the program has ended, to remove what it was given. */
  readonly cleanUp?: () => void;
}

export interface Child {
  /** -1 when the program could not be started. */
  readonly pid: number;
  /** Resolves when the program has ended and all its output is in `lines()`; never rejects. */
  readonly ended: Promise<Ending>;
  /** What it has printed to stdout and stderr so far, in order of arrival, without line ends. */
  lines(): readonly string[];
  /**
   * The first line that matches, printed already or later.
   *
   * @param timeoutMs 10,000 by default
   * @throws {Error} with all output, after the time or at the program's end
   */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** As `waitForLine`, but only lines that arrive after this call count. */
  waitForNextLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end with SIGTERM, and kills it when it has not after 5 s. */
  stop(): Promise<Ending>;
}

const LINE_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 5_000;

/** Never throws: a program that cannot be started has ended, with the reason as its only line. */
export function startChild(options: ChildOptions): Child {
  const [program = '', ...args] = options.command;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = new Output(program);
  output.read(child.stdout);
  output.read(child.stderr);
  child.on('error', (error) => output.add(error.message));

  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<Ending>((resolve) => {
    child.once('close', (code, signal) => {
      process.off('exit', kill);
      output.end(signal === null ? `exit code ${code}` : signal);
      options.cleanUp?.();
      resolve({ code, signal });
    });
  });
  if (TestRunner.getCurrentTest() !== undefined) {
    onTestFinished(async () => {
      kill();
      await ended;
    });
  }

  return {
    pid: child.pid ?? -1,
    ended,
    lines: () => output.lines,
    waitForLine: (pattern, timeoutMs = LINE_TIMEOUT_MS) => output.wait(pattern, timeoutMs, 0),
    waitForNextLine: (pattern, timeoutMs = LINE_TIMEOUT_MS) =>
      output.wait(pattern, timeoutMs, output.lines.length),
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_TIMEOUT_MS);
      const ending = await ended;
      clearTimeout(timer);
      return ending;
    },
  };
}

/** The lines of one program, and who waits for one. */
class Output {
  readonly lines: string[] = [];
  readonly #program: string;
  readonly #waiters = new Set<() => void>();
  #ending: string | undefined;

  constructor(program: string) {
    this.#program = program;
  }

  read(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => this.add(line));
  }

  add(line: string): void {
    this.lines.push(line);
    this.#tell();
  }

  end(how: string): void {
    this.#ending = how;
    this.#tell();
  }

  /** The first line at index `from` or later that matches. */
  wait(pattern: RegExp, timeoutMs: number, from: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let next = from;
      const finish = (settle: () => void): void => {
        this.#waiters.delete(look);
        clearTimeout(timer);
        settle();
      };
      const look = (): void => {
        for (; next < this.lines.length; next++) {
          const line = this.lines[next];
          if (line !== undefined && line.search(pattern) !== -1) return finish(() => resolve(line));
        }
        if (this.#ending !== undefined)
          finish(() => reject(this.#failure(pattern, `${this.#ending} came first`)));
      };
      const timer = setTimeout(() => {
        finish(() => reject(this.#failure(pattern, `not within ${timeoutMs} ms`)));
      }, timeoutMs);
      this.#waiters.add(look);
      look();
    });
  }

  #tell(): void {
    for (const waiter of this.#waiters) waiter();
  }

  #failure(pattern: RegExp, what: string): Error {
    const said = this.lines.length === 0 ? 'it printed nothing' : `it printed:\n${this.lines.join('\n')}`;
    return new Error(`waited for ${String(pattern)} from ${this.#program}: ${what}; ${said}`);
  }
}
