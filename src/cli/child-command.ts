/**
 * How `run` starts `serve`: this program once more, by the Node that runs us, with the privileges that can be had here. Tries setpriv before
 * anything depends on it, and refuses a Corefile that the child could not read; the host's network is not touched yet.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { delimiter, join } from 'node:path';
import { messageOf } from '../base/error-message.ts';
import { obstacleFor } from '../guard/child-files.ts';
import { capabilitiesIn, privilegesBySetpriv, privilegesWithoutSetpriv } from '../guard/child-privileges.ts';
import type { ChildPrivileges, Circumstances } from '../guard/child-privileges.ts';
import { searchPath } from '../host/run-tool.ts';
import { PARENT_VARIABLE, WATCH_PARENT_VARIABLE } from './child-environment.ts';
import { makeCompileCache } from './compile-cache.ts';
import { serveStart } from './heap-settings.ts';
import { withoutOwnFlags } from './serve-arguments.ts';

const TRIAL_TIMEOUT_MS = 5000;
const FIRST_PRIVILEGED_PORT_FILE = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
const DEFAULT_UNPRIVILEGED_PORT = 1024;

export interface ChildCommand {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly spawnAs: ChildPrivileges['spawnAs'];
  readonly runsAs: number;
  readonly weaknesses: readonly string[];
}

export interface ChildWishes {
  /** User id that it should have. */
  readonly user: number;
  readonly dnsPort: number;
  /** The file that it reads first: the Corefile, or its template. */
  readonly corefile: string;
  /** Behind the entry: `serve` and its flags. */
  readonly args: readonly string[];
}

/** @throws Error when it could not read what it needs */
export async function childCommand(wishes: ChildWishes): Promise<ChildCommand> {
  const privileges = await findPrivileges({ ...circumstances(), ...wishes });
  const { prefix, spawnAs, runsAs, weaknesses, endsWithParentBy } = privileges;
  const entry = process.argv[1];
  if (!existsSync(wishes.corefile)) {
    throw new Error(`loading Corefile: open ${wishes.corefile}: no such file or directory`);
  }
  if (runsAs !== process.geteuid?.()) checkFiles(runsAs, [wishes.corefile, process.execPath, entry]);
  const { env, execArgv } = serveStart(process.execArgv, process.env);
  return {
    command: [...prefix, process.execPath, ...execArgv, entry, ...wishes.args],
    env: {
      ...withoutOwnFlags(env),
      [PARENT_VARIABLE]: String(process.pid),
      ...(endsWithParentBy === 'itself' && { [WATCH_PARENT_VARIABLE]: '1' }),
      ...makeCompileCache(module.getCompileCacheDir(), runsAs),
    },
    spawnAs,
    runsAs,
    weaknesses,
  };
}

function circumstances(): Omit<Circumstances, 'user' | 'dnsPort'> {
  return {
    ownUser: process.geteuid?.() ?? 0,
    capabilities: capabilitiesIn(readFileSync('/proc/self/status', 'latin1')),
    unprivilegedPort: unprivilegedPort(),
  };
}

function unprivilegedPort(): number {
  try {
    return Number(readFileSync(FIRST_PRIVILEGED_PORT_FILE, 'latin1'));
  } catch {
    return DEFAULT_UNPRIVILEGED_PORT;
  }
}

async function findPrivileges(known: Circumstances): Promise<ChildPrivileges> {
  const setpriv = findProgram('setpriv');
  if (setpriv === undefined) return privilegesWithoutSetpriv('it is not installed', known);
  const privileges = privilegesBySetpriv(setpriv, known);
  const refusal = await whyNot([...privileges.prefix, setpriv, '--version']);
  return refusal === undefined ? privileges : privilegesWithoutSetpriv(refusal, known);
}

/** Other programs of that name take fewer options (busybox), and a container may forbid what the capabilities promise. */
function whyNot([program, ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TRIAL_TIMEOUT_MS, killSignal: 'SIGKILL' }, (error, _out, said) => {
      const [firstLine] = said.trim().split('\n');
      resolve(error === null ? undefined : firstLine || messageOf(error));
    });
  });
}

function findProgram(name: string): string | undefined {
  const directories = searchPath(process.env['PATH']).split(delimiter);
  return directories.map((directory) => join(directory, name)).find(mayExecute);
}

function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkFiles(user: number, paths: readonly string[]): void {
  for (const path of paths) {
    const obstacle = obstacleFor(user, path);
    if (obstacle === undefined) continue;
    const which = obstacle === path ? path : `${path} (because of ${obstacle})`;
    throw new Error(
      `${which} cannot be read by user ${user}, as which serve runs: change its mode, or the user with --user`,
    );
  }
}
