/**
 * A network namespace as a host: made for a test, gone with it. Its name says which process made it, and what is left of processes that
 * were killed is removed before the next one is made. Commands run in it through `ip netns exec`, which becomes the command: signals reach it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { atTestEnd } from '../../support/at-test-end.ts';
import { startChild } from '../../support/child.ts';
import type { Child, ChildOptions } from '../../support/child.ts';
import { requireTools, toolsAreRequired } from '../../support/tools.ts';
import type { Requirement, ToolName } from '../../support/tools.ts';

const PREFIX = 'ndl';
/** Where iproute2 keeps them. */
const DIRECTORY = '/run/netns';

/**
 * Whether namespaces can be made here, and these tools are here.
 *
 * @throws {Error} when not, and `CI=true`
 */
export function requireLab(...tools: readonly ToolName[]): Requirement {
  if (process.getuid?.() !== 0) {
    if (toolsAreRequired()) throw new Error('the lab needs root');
    return { available: false, reason: '(needs root: sudo npm test)' };
  }
  return requireTools('ip', ...tools);
}

export class Namespace {
  readonly name: string;
  readonly #removeAtExit = (): void => this.remove();

  private constructor(name: string) {
    this.name = name;
  }

  /** A host with nothing but its loopback interface, up. Removed at the end of the test that asks, or by `remove`. */
  static create(role: string): Namespace {
    removeLeftOvers();
    const name = `${PREFIX}-${process.pid}-${role}-${Math.random().toString(36).slice(2, 6)}`;
    execFileSync('ip', ['netns', 'add', name]);
    const made = new Namespace(name);
    atTestEnd(() => made.remove());
    process.once('exit', made.#removeAtExit);
    made.run('ip', 'link', 'set', 'lo', 'up');
    return made;
  }

  /** The file that stands for it, as a container runtime hands it to CNI plugins. */
  get path(): string {
    return `${DIRECTORY}/${this.name}`;
  }

  /** What goes in front of a command to have it run here. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** Runs it to its end. @returns its standard output. @throws Error with what it said */
  run(command: string, ...args: readonly string[]): string {
    return this.feed('', command, ...args);
  }

  /** As `run`, with this on its standard input. */
  feed(input: string, command: string, ...args: readonly string[]): string {
    const [ip, ...rest] = [...this.prefix, command, ...args];
    return execFileSync(ip, rest, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** Whether it ended with exit code 0. */
  succeeds(command: string, ...args: readonly string[]): boolean {
    const [ip, ...rest] = [...this.prefix, command, ...args];
    return spawnSync(ip, rest, { stdio: 'ignore' }).status === 0;
  }

  /** Starts it; see `startChild`. */
  start(command: readonly string[], options: Omit<ChildOptions, 'command'> = {}): Child {
    return startChild({ ...options, command: [...this.prefix, ...command] });
  }

  /** Processes inside live on without a name for their network; whoever started them ends them. */
  remove(): void {
    process.off('exit', this.#removeAtExit);
    if (existsSync(this.path)) {
      spawnSync('ip', ['netns', 'delete', this.name], { stdio: 'ignore' });
    }
  }
}

function removeLeftOvers(): void {
  if (!existsSync(DIRECTORY)) return;
  for (const name of readdirSync(DIRECTORY)) {
    const owner = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) {
      spawnSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
    }
  }
}
