/**
 * The real daemon in a process of its own, run from `src/` as development runs it. What is written here is how a test gives it a
 * Corefile and learns that it serves; what it answers is asked with `dig.ts` or a socket.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startChild } from './child.ts';
import type { Child } from './child.ts';

export interface DaemonOptions {
  readonly corefile: string;
  /** Flags behind `serve --conf FILE`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What Node runs, from the root of the repository; `src/main.ts` unless told otherwise. */
  readonly entry?: string;
  /** 10,000 by default. */
  readonly readyTimeoutMs?: number;
}

export interface Daemon extends Child {
  /** The file that `--conf` names; removed at the daemon's end. */
  readonly corefilePath: string;
  /** Puts another Corefile in its place in one step. The daemon hears of it by a signal, or by its own `reload` plugin. */
  reload(corefile: string): void;
}

/** The line that says that every socket is bound. */
export const READY_PATTERN = /\bserving\b/;

export const REPOSITORY_ROOT = join(import.meta.dirname, '..', '..');
const ENTRY = 'src/main.ts';
const CLI_TIMEOUT_MS = 10_000;

/**
 * Resolves when the daemon serves. Whoever starts it outside of a test (in a hook) also stops it.
 *
 * @throws {Error} with all it has printed, when it ends before or does not serve in time
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-daemon-'));
  const corefilePath = join(directory, 'Corefile');
  const reload = (corefile: string): void => {
    // A new file renamed over the old one: the daemon never reads half of it.
    const fresh = join(directory, 'Corefile.new');
    writeFileSync(fresh, corefile);
    renameSync(fresh, corefilePath);
  };
  reload(options.corefile);
  const child = startChild({
    command: [
      process.execPath,
      options.entry ?? ENTRY,
      'serve',
      '--conf',
      corefilePath,
      ...(options.args ?? []),
    ],
    cwd: REPOSITORY_ROOT,
    ...(options.env !== undefined && { env: options.env }),
    cleanUp: () => rmSync(directory, { recursive: true, force: true }),
  });
  try {
    await child.waitForLine(READY_PATTERN, options.readyTimeoutMs);
  } catch (error) {
    child.signal('SIGKILL');
    await child.ended;
    throw error;
  }
  return { ...child, corefilePath, reload };
}

export interface CliOptions {
  /** What the command reads from stdin; nothing by default. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly entry?: string;
}

export interface CliResult {
  /** Null when it was killed, which happens after 10 s. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one subcommand to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [options.entry ?? ENTRY, ...args], {
    cwd: REPOSITORY_ROOT,
    env: { ...process.env, ...options.env },
    timeout: CLI_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A command that does not read its input closes it under our hands; that is no failure of the test.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
