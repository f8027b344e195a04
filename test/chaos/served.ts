/**
 * The daemon of a chaos run, seen from outside: what it prints (or what is left unread of it), what it holds by the kernel's count, and how
 * it ends. Nothing is asked of it here but its metrics.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..', '..');
const START_MS = 15_000;
const STOP_MS = 10_000;
const LOOK_MS = 20;
/** USER_HZ of proc(5), the same on every Linux. */
const TICKS_PER_SECOND = 100;
/** The last lines are kept for the story; a long run prints millions. */
const KEPT_LINES = 200;
const MOST_SUSPECTS = 20;
/** What a daemon that is well never prints. */
const SUSPECT = /\bbug in a handler\b|\bTypeError\b|\bRangeError\b|\bat file:|Warning:|\bunhandled\b/i;

export class Served {
  /** Lines that say that something is wrong with the program. */
  readonly suspects: string[] = [];
  readonly pid: number;
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;
  private readonly directory: string;
  /** Its soft limit as it was, in words that `prlimit` takes. */
  private mostDescriptors: string | undefined;
  private lines: string[] = [];
  private ending: string | undefined;

  private constructor(corefile: string, args: readonly string[], given: string | undefined) {
    this.directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-chaos-'));
    this.writeCorefile(corefile);
    const entry = given ?? (existsSync(join(ROOT, 'dist/main.js')) ? 'dist/main.js' : 'src/main.ts');
    const command = [entry, 'serve', '--conf', join(this.directory, 'Corefile'), ...args];
    this.child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.pid = this.child.pid ?? -1;
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.took(line));
    }
    this.child.once('exit', (code, signal) => (this.ending = signal ?? `exit code ${code}`));
    process.once('exit', () => this.child.kill('SIGKILL'));
  }

  /**
   * Resolves when it serves.
   *
   * @param entry what Node runs, from the root of the repository; what is built, or else what is not, when undefined
   * @throws {Error} with what it printed, when it does not
   */
  static async start(corefile: string, args: readonly string[], entry: string | undefined): Promise<Served> {
    const served = new Served(corefile, args, entry);
    const endMs = Date.now() + START_MS;
    while (!served.lines.some((line) => /\bserving\b/.test(line))) {
      if (served.ending !== undefined || Date.now() > endMs) {
        served.child.kill('SIGKILL');
        throw new Error(
          `the daemon does not serve: ${served.ending ?? 'too late'}\n${served.lines.join('\n')}`,
        );
      }
      await delay(LOOK_MS);
    }
    return served;
  }

  /** How it ended, when it has. */
  get ended(): string | undefined {
    return this.ending;
  }

  get lastLines(): readonly string[] {
    return this.lines;
  }

  /** Puts another Corefile in its place and has it taken over. */
  reload(corefile: string): void {
    this.writeCorefile(corefile);
    this.signal('SIGUSR1');
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Its output stays in the pipe, and fills it, until `readLog`. */
  ignoreLog(): void {
    this.child.stdout.pause();
    this.child.stderr.pause();
  }

  readLog(): void {
    this.child.stdout.resume();
    this.child.stderr.resume();
  }

  /**
   * Lets it open no more than so many files and sockets beside those it has; as many as ever when undefined. Needs `prlimit` of util-linux;
   * nothing happens without.
   */
  limitDescriptors(spare: number | undefined): void {
    if (this.ending !== undefined) return;
    // Node raises its limit as it starts.
    this.mostDescriptors ??= softLimitOf(this.pid);
    const open = readdirSync(`/proc/${this.pid}/fd`).length;
    const soft = spare === undefined ? this.mostDescriptors : open + spare;
    spawnSync('prlimit', [`--pid=${this.pid}`, `--nofile=${soft}:`], { stdio: 'ignore' });
  }

  /** Sockets that are open, of whatever kind. */
  socketCount(): number {
    const directory = `/proc/${this.pid}/fd`;
    return readdirSync(directory).filter((name) => {
      try {
        return readlinkSync(join(directory, name)).startsWith('socket:');
      } catch {
        return false;
      }
    }).length;
  }

  /** User and system time so far, of all its threads. */
  processorMs(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
  }

  /** Ends it, and says how it did. */
  async stop(): Promise<string> {
    this.signal('SIGTERM');
    const endMs = Date.now() + STOP_MS;
    while (this.ending === undefined && Date.now() < endMs) await delay(LOOK_MS);
    this.child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
    return this.ending ?? `not ended ${STOP_MS} ms after SIGTERM`;
  }

  private writeCorefile(corefile: string): void {
    const fresh = join(this.directory, 'Corefile.new');
    writeFileSync(fresh, corefile);
    renameSync(fresh, join(this.directory, 'Corefile'));
  }

  private took(line: string): void {
    this.lines.push(line);
    if (this.lines.length > 2 * KEPT_LINES) this.lines = this.lines.slice(-KEPT_LINES);
    if (SUSPECT.test(line) && this.suspects.length < MOST_SUSPECTS) this.suspects.push(line);
  }
}

function softLimitOf(pid: number): string {
  const limits = readFileSync(`/proc/${pid}/limits`, 'latin1');
  return /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? 'unlimited';
}
