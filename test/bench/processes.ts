/**
 * The programs of one run: started in the foreground with their output in files, killed with all their children at the end of this
 * process, however it ends. Nothing of them is read while it is measured.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from '../support/tools.ts';

export interface Program {
  readonly pid: number;
  /** How it ended, in words, once it has. */
  readonly ending: string | undefined;
  readonly ended: Promise<string>;
  /** All it has printed so far. */
  output(): string;
  kill(): void;
}

export interface ProgramOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** Where its output goes. */
  readonly directory: string;
}

const LAST_OCTETS = 2_000;

export class Processes {
  private readonly children = new Set<ChildProcess>();
  private started = 0;

  constructor() {
    process.once('exit', () => this.killAll());
  }

  /** @throws {Error} when the program is not on this machine */
  start(options: ProgramOptions): Program {
    return this.launch(options).program;
  }

  /** The same, with a channel on which both sides send messages. */
  startWithChannel(options: ProgramOptions): { program: Program; child: ChildProcess } {
    return this.launch(options, true);
  }

  /**
   * Runs a program to its end.
   *
   * @returns what it has printed
   * @throws {Error} when it fails, or has not ended after `timeoutMs`; then it is killed
   */
  async run(options: ProgramOptions, timeoutMs: number): Promise<string> {
    const program = this.start(options);
    const timer = setTimeout(() => program.kill(), timeoutMs);
    const ending = await program.ended;
    clearTimeout(timer);
    if (ending !== 'exit code 0') throw new Error(`${options.name}: ${ending}\n${lastOf(program)}`);
    return program.output();
  }

  killAll(): void {
    for (const child of this.children) killGroup(child);
  }

  private launch(
    { name, command, directory }: ProgramOptions,
    channel = false,
  ): { program: Program; child: ChildProcess } {
    const log = join(directory, `${name}-${++this.started}.log`);
    const file = openSync(log, 'w');
    const [executable, ...args] = dyingWithUs(command);
    const stdio = ['ignore' as const, file, file];
    // A group of its own, so that its children can be killed with it.
    const child = spawn(executable, args, {
      cwd: directory,
      detached: true,
      stdio: channel ? [...stdio, 'ipc'] : stdio,
    });
    closeSync(file);
    this.children.add(child);
    let ending: string | undefined;
    const ended = new Promise<string>((resolve) => {
      const end = (how: string): void => {
        this.children.delete(child);
        ending ??= how;
        resolve(ending);
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
    const program: Program = {
      pid: child.pid ?? -1,
      get ending() {
        return ending;
      },
      ended,
      output: () => readFileSync(log, 'utf8'),
      kill: () => killGroup(child),
    };
    return { program, child };
  }
}

/** The end of what a program has printed, for messages. */
export const lastOf = (program: Program): string => program.output().slice(-LAST_OCTETS).trimEnd();

/** The command with its program's path, started so that the kernel kills it when this process is killed in a way that runs no code. */
function dyingWithUs([name = '', ...args]: readonly string[]): string[] {
  const path = name.includes('/') ? name : findTool(name);
  if (path === undefined) throw new Error(`${name} is not on this machine`);
  const setpriv = findTool('setpriv');
  return setpriv === undefined ? [path, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', path, ...args];
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
