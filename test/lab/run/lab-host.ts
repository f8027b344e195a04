/**
 * A host of one network namespace for `run`: interface and rules of its own, somewhere to send packets, a Corefile that needs no upstream. What
 * pods and cluster DNS see is tried elsewhere; here it is the process, its child and what they leave.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { childPidWith, childPids } from '../../support/child-pids.ts';
import type { Child } from '../../support/child.ts';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDirectory, tempFile } from '../../support/temp-file.ts';
import { Namespace } from '../support/namespace.ts';

export const ADDRESSES = ['169.254.20.10', 'fd00:a::10'] as const;
export const COREFILE = '.:53 {\n  hosts {\n    192.0.2.1 a.test\n  }\n}\n';
/** Of one or more addresses: each has a lease of its own, and only what happens at about the same time shares a line. */
export const INTERCEPTING = /intercepting: probes/;

/** A frozen `serve` is killed after 3 s, and a busy machine starts its next one in seconds. */
const INTERCEPTING_TIMEOUT_MS = 20_000;

const PAGES = '127.0.0.1:9353';

export interface RunProcess extends Child {
  /** Process id of `serve`. @throws {Error} when there is none */
  servePid(): number;
  /** Process ids below it. */
  children(): number[];
}

export class LabHost {
  readonly namespace: Namespace;
  readonly corefilePath: string;

  constructor(corefile = COREFILE) {
    this.namespace = Namespace.create('run');
    // Somewhere to send packets to: a kernel without a route refuses them before any rule sees them.
    this.namespace.run('ip', 'link', 'add', 'uplink', 'type', 'bridge');
    this.namespace.run('ip', 'addr', 'add', '10.1.0.1/24', 'dev', 'uplink');
    this.namespace.run('ip', 'link', 'set', 'uplink', 'up');
    this.namespace.run('ip', 'route', 'add', 'default', 'via', '10.1.0.2');
    this.corefilePath = tempFile(corefile);
    // For the user that serve runs as.
    chmodSync(dirname(this.corefilePath), 0o755);
  }

  reload(corefile: string): void {
    writeFileSync(this.corefilePath, corefile);
  }

  /** What stands on the host: rules of all kinds, interfaces and their addresses. */
  state(): string {
    const links = this.namespace.run('ip', '-o', 'link').replaceAll(/^\d+: | state \S+/gm, '');
    const addresses = this.namespace.run('ip', '-o', '-4', 'addr');
    return [this.namespace.run('nft', 'list', 'ruleset'), links, addresses].join('\n');
  }

  /** As node-cache would be started, without a subcommand. */
  startRun(
    args: readonly string[] = [],
    prefix: readonly string[] = [],
    env: Record<string, string> = {},
  ): RunProcess {
    const child = this.start([...prefix, ...this.command(), ...args], env);
    return {
      ...child,
      servePid: () => childPidWith(child.pid, 'serve'),
      children: () => childPids(child.pid),
    };
  }

  /** `guard` alone, with the same addresses. */
  startGuard(): Child {
    return this.start([
      process.execPath,
      'src/main.ts',
      'guard',
      '-localip',
      ADDRESSES.join(','),
      '--interface-type=bridge',
      '--rules=nft',
      '-metrics-listen-address',
      PAGES,
    ]);
  }

  /** The command line of `run`, as far as all tests have it. */
  command(): string[] {
    return [
      process.execPath,
      'src/main.ts',
      '-localip',
      ADDRESSES.join(','),
      '-conf',
      this.corefilePath,
      '--interface-type=bridge',
      '--rules=nft',
      '-metrics-listen-address',
      PAGES,
    ];
  }

  start(command: readonly string[], env: Record<string, string> = {}): Child {
    return this.namespace.start(command, { cwd: REPOSITORY_ROOT, env });
  }

  page(path: string): string {
    return this.namespace.run('curl', '-sS', '--max-time', '5', `http://${PAGES}${path}`);
  }

  asks(address: string): string {
    return this.namespace.run('dig', '+short', '+tries=1', '+time=2', `@${address}`, 'a.test').trim();
  }
}

/** Once all addresses are intercepted, by the lines that say so. */
export async function untilIntercepting(
  child: Child,
  addresses: readonly string[] = ADDRESSES,
): Promise<void> {
  await Promise.all(intercepting(addresses).map((line) => child.waitForLine(line, INTERCEPTING_TIMEOUT_MS)));
}

/** As `untilIntercepting`, by lines after this call alone. */
export async function untilInterceptingAgain(child: Child): Promise<void> {
  await Promise.all(
    intercepting(ADDRESSES).map((line) => child.waitForNextLine(line, INTERCEPTING_TIMEOUT_MS)),
  );
}

const intercepting = (addresses: readonly string[]): RegExp[] =>
  addresses.map((address) => new RegExp(`${address}\\b.*${INTERCEPTING.source}`));

/** A search path with what `run` needs, and a `setpriv` that takes no options, as busybox's takes few. */
export function pathWithoutSetpriv(): string {
  const directory = tempDirectory();
  const setpriv = join(directory, 'setpriv');
  writeFileSync(setpriv, '#!/bin/sh\necho "setpriv: unrecognized option" >&2\nexit 1\n');
  chmodSync(setpriv, 0o755);
  return `${directory}:${process.env['PATH'] ?? ''}`;
}

export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(statusOf(pid));
  } catch {
    return false;
  }
};

export const statusOf = (pid: number): string => readFileSync(`/proc/${pid}/status`, 'latin1');

export const commandOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);

export const untilGone = (pid: number): Promise<void> => eventually(() => !isAlive(pid));
