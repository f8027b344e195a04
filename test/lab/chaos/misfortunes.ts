/**
 * What can happen to a node that runs us, one function each. None of them is ours to prevent; each leaves the node in a state in which cluster
 * DNS can be reached, so that whoever does not answer then was kept from it by us.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../../support/child.ts';
import { servePid, startRun } from '../support/daemons.ts';
import type { RulesChoice } from '../support/daemons.ts';
import { installKubeProxy, syncKubeProxy } from '../support/kube-proxy.ts';
import type { Lab } from '../support/lab.ts';
import { CLUSTER_IP, FAMILIES, LOCAL_IP } from '../support/plan.ts';
import type { Dice } from './dice.ts';

export interface Life {
  readonly lab: Lab;
  readonly rules: RulesChoice;
  readonly dice: Dice;
  /** All that were ever started, the dead ones too. */
  readonly runs: Run[];
}

export interface Run {
  readonly child: Child;
  ended: boolean;
}

type Misfortune = (life: Life) => unknown;

const LINK = 'nodelocaldns';
const OTHER_LINK = 'eth0';
const BROKEN_COREFILE = 'cluster.local:53 {\n  nonsense\n}\n';
const LOCK_MS = { least: 500, most: 4_000 };
/** A guard takes some hundred milliseconds to start, another hundred to install. */
const MOST_BEFORE_KILL_MS = 1_500;
const FREEZE_MS = { least: 300, most: 5_000 };
const ADDRESSES = FAMILIES.flatMap((family) => [CLUSTER_IP[family], LOCAL_IP[family]]);

export function startOne({ lab, rules, runs }: Life): Run {
  const child = startRun(lab, rules);
  const run: Run = { child, ended: false };
  void child.ended.then(() => (run.ended = true));
  runs.push(run);
  return run;
}

export const living = ({ runs }: Life): Run[] => runs.filter(({ ended }) => !ended);

/** To the parent or to the child of one that lives; a process that has just ended is no error. */
function strike(life: Life, whom: 'parent' | 'child', signal: NodeJS.Signals): number | undefined {
  const candidates = living(life);
  if (candidates.length === 0) return undefined;
  const { child } = life.dice.of(candidates);
  try {
    const pid = whom === 'parent' ? child.pid : servePid(child);
    process.kill(pid, signal);
    return pid;
  } catch {
    return undefined;
  }
}

async function freeze(life: Life, whom: 'parent' | 'child'): Promise<void> {
  const pid = strike(life, whom, 'SIGSTOP');
  await delay(life.dice.between(FREEZE_MS.least, FREEZE_MS.most));
  if (pid !== undefined) thaw(pid);
}

function thaw(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has been killed meanwhile.
  }
}

/** What fails has found nothing to break. */
const onNode = (life: Life, ...command: readonly [string, ...string[]]): boolean =>
  life.lab.node.succeeds(...command);

const onlyNft =
  (misfortune: Misfortune): Misfortune =>
  (life) =>
    life.rules === 'nft' ? misfortune(life) : undefined;

const iptablesTools = ({ lab: { mode } }: Life): string[] =>
  ['iptables', 'ip6tables'].map((tool) => `${tool}-${mode === 'iptables-legacy' ? 'legacy' : 'nft'}`);

export const MISFORTUNES: Readonly<Record<string, Misfortune>> = {
  'parent killed': (life) => strike(life, 'parent', 'SIGKILL'),
  'child killed': (life) => strike(life, 'child', 'SIGKILL'),
  'child terminated': (life) => strike(life, 'child', 'SIGTERM'),
  'parent terminated': (life) => strike(life, 'parent', 'SIGTERM'),
  'parent interrupted': (life) => strike(life, 'parent', 'SIGINT'),
  'parent interrupted twice': (life) => {
    strike(life, 'parent', 'SIGINT');
    strike(life, 'parent', 'SIGINT');
  },
  'parent told to reload': (life) => strike(life, 'parent', 'SIGUSR1'),
  'parent frozen': (life) => freeze(life, 'parent'),
  'child frozen': (life) => freeze(life, 'child'),
  'child killed while the parent is frozen': async (life) => {
    const pid = strike(life, 'parent', 'SIGSTOP');
    strike(life, 'child', 'SIGKILL');
    await delay(life.dice.between(FREEZE_MS.least, FREEZE_MS.most));
    if (pid !== undefined) thaw(pid);
  },
  'two started at once': (life) => {
    startOne(life);
    startOne(life);
  },
  'killed while it starts': async (life) => {
    const { child } = startOne(life);
    await delay(life.dice.between(0, MOST_BEFORE_KILL_MS));
    child.signal('SIGKILL');
  },
  'terminated while it starts': async (life) => {
    const { child } = startOne(life);
    await delay(life.dice.between(0, MOST_BEFORE_KILL_MS));
    child.signal('SIGTERM');
  },
  'Corefile broken, child killed, Corefile mended': async (life) => {
    const path = join(life.lab.directory, 'Corefile');
    const good = life.dice.next() < 0.5;
    writeFileSync(path, BROKEN_COREFILE);
    strike(life, 'child', good ? 'SIGKILL' : 'SIGTERM');
    await delay(life.dice.between(300, 3_000));
    startOne(life);
  },
  'all rules flushed': (life) => {
    // Legacy tables are none of nft's.
    if (life.lab.mode === 'iptables-legacy' || !onNode(life, 'nft', 'flush', 'ruleset')) return;
    installKubeProxy(life.lab.node, life.lab.mode);
  },
  'our table deleted': onlyNft((life) => onNode(life, 'nft', 'delete', 'table', 'inet', 'nodelocaldns')),
  'a chain of ours emptied': onlyNft((life) =>
    onNode(life, 'nft', 'flush', 'chain', 'inet', 'nodelocaldns', life.dice.of(['prerouting', 'output'])),
  ),
  'a set of ours emptied': onlyNft((life) =>
    onNode(life, 'nft', 'flush', 'set', 'inet', 'nodelocaldns', life.dice.of(['armed4', 'live4', 'live6'])),
  ),
  'table raw flushed': (life) => {
    if (life.rules !== 'iptables') return;
    for (const tool of iptablesTools(life)) onNode(life, tool, '-t', 'raw', '-F');
  },
  'a jump of ours deleted': (life) => {
    if (life.rules !== 'iptables') return;
    for (const tool of iptablesTools(life)) {
      onNode(life, tool, '-t', 'raw', '-D', life.dice.of(['PREROUTING', 'OUTPUT']), '1');
    }
  },
  'interface deleted': (life) => onNode(life, 'ip', 'link', 'del', LINK),
  'interface set down': (life) => onNode(life, 'ip', 'link', 'set', LINK, 'down'),
  'an address deleted': (life) => {
    const address = life.dice.of(ADDRESSES);
    onNode(life, 'ip', 'address', 'del', `${address}/${address.includes(':') ? 128 : 32}`, 'dev', LINK);
  },
  'xtables lock held': (life) => {
    const seconds = life.dice.between(LOCK_MS.least, LOCK_MS.most) / 1_000;
    spawn('flock', [life.lab.lockFile, 'sleep', String(seconds)], { stdio: 'ignore' });
  },
  'an address put on another interface': async (life) => {
    const args = [`${LOCAL_IP.ipv4}/32`, 'dev', OTHER_LINK];
    onNode(life, 'ip', 'address', 'add', ...args);
    await delay(life.dice.between(100, 2_000));
    onNode(life, 'ip', 'address', 'del', ...args);
  },
  'kube-proxy rewrites its rules': ({ lab }) => syncKubeProxy(lab.node, lab.mode),
};
