/** The program under test on the lab's node: its Corefile, its command lines, its processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childPids } from '../../support/child-pids.ts';
import type { Child } from '../../support/child.ts';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';
import { buildProgram } from './built-program.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import { CLUSTER_IP, FAMILIES, LOCAL_IP, LOCAL_MARK, UPSTREAM_IP, WHO, whoAddress } from './plan.ts';
import type { Family } from './plan.ts';

export type RulesChoice = 'nft' | 'iptables';

const ADDRESSES = [...Object.values(LOCAL_IP), ...Object.values(CLUSTER_IP)];
const HEALTH_PORT = 8080;
const LOCAL_TIMEOUT_MS = 15_000;
/** Often enough to know when it is over, seldom enough to take no processor from what is measured. */
const LOOK_MS = 100;

/** As the manifest's, and with the one name by which the cache shows that it is the one who answers. */
const COREFILE = `cluster.local:53 {
  errors
  cache 30
  bind ${ADDRESSES.join(' ')}
  hosts {
    ${whoAddress(LOCAL_MARK).ipv4} ${WHO}
    ${whoAddress(LOCAL_MARK).ipv6} ${WHO}
    ttl 30
    fallthrough
  }
  forward . ${UPSTREAM_IP.ipv4} {
    force_tcp
  }
  prometheus ${LOCAL_IP.ipv4}:9253
  health ${LOCAL_IP.ipv4}:${HEALTH_PORT}
}
`;

const guardFlags = (rules: RulesChoice): string[] => [
  `-localip=${ADDRESSES.join(',')}`,
  `-health-port=${HEALTH_PORT}`,
  '--interface-type=bridge',
  `--rules=${rules}`,
];

/** `run`: guard and serve as one. Resolves when it has been started; see `untilLocal`. */
export const startRun = (lab: Lab, rules: RulesChoice): Child =>
  start(lab, ['run', ...guardFlags(rules), '-conf', corefile(lab)]);

/** The watchdog alone, as a unit of its own. */
export const startGuard = (lab: Lab, rules: RulesChoice): Child =>
  start(lab, ['guard', ...guardFlags(rules)]);

/** The cache alone. */
export const startServe = (lab: Lab): Child => start(lab, ['serve', '-conf', corefile(lab)]);

const start = (lab: Lab, args: readonly string[]): Child =>
  lab.node.start([process.execPath, buildProgram(lab.directory), ...args], {
    cwd: REPOSITORY_ROOT,
    env: { ...lab.environment, NODE_COMPILE_CACHE: join(lab.directory, 'compiled') },
  });

function corefile(lab: Lab): string {
  const path = join(lab.directory, 'Corefile');
  writeFileSync(path, COREFILE);
  return path;
}

/** The process id of the cache under `run`. @throws {Error} when there is none */
export function servePid(run: Child): number {
  const pid = descendants(run.pid).find((each) => /\bserve\b/.test(commandLine(each)));
  if (pid === undefined)
    throw new Error(`run has no child that serves; it printed:\n${run.lines().join('\n')}`);
  return pid;
}

/** Children, and theirs. */
export function descendants(pid: number): number[] {
  const direct = childPids(pid);
  return direct.concat(direct.flatMap(descendants));
}

const commandLine = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Resolves when the cache answers all of them by the cluster's addresses in both families.
 *
 * @throws {Error} when it does not in time
 */
export async function untilLocal(...clients: readonly Namespace[]): Promise<void> {
  const deadline = Date.now() + LOCAL_TIMEOUT_MS;
  for (const client of clients) {
    for (const family of FAMILIES) {
      while (!asksLocal(client, family)) {
        if (Date.now() > deadline) throw new Error(`${client.name} gets no ${family} answer of the cache`);
        await delay(LOOK_MS);
      }
    }
  }
}

/** Who answers now by the cluster's address? */
export function asksLocal(client: Namespace, family: Family): boolean {
  try {
    const answer = client.run('dig', '+short', '+tries=1', '+timeout=1', `@${CLUSTER_IP[family]}`, WHO);
    return answer.trim() === whoAddress(LOCAL_MARK).ipv4;
  } catch {
    return false;
  }
}
