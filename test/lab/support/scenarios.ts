/** What the events of the table are: what is started, what happens, when it is over. Bounds are the tests'. */
import { setTimeout as delay } from 'node:timers/promises';
import { startChild } from '../../support/child.ts';
import type { Child } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { descendants, servePid, startGuard, startRun, startServe, untilLocal } from './daemons.ts';
import type { RulesChoice } from './daemons.ts';
import { underLoad } from './event.ts';
import type { EventPlan, Row } from './event.ts';
import { installKubeProxy, syncKubeProxy } from './kube-proxy.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import { CACHED_NAME, CLUSTER_IP } from './plan.ts';

export interface Setup {
  readonly lab: Lab;
  readonly rules: RulesChoice;
  readonly pod: Namespace;
}

export type Scenario = (setup: Setup) => Promise<readonly Row[]>;

const INTERFACE = 'nodelocaldns';
const LOOK_MS = 50;

/** Everything that `run` is, while it intercepts. */
async function whileRunning(
  setup: Setup,
  plan: (run: Child) => Omit<EventPlan, 'pod'>,
): Promise<readonly Row[]> {
  const run = startRun(setup.lab, setup.rules);
  try {
    await untilLocal(setup.pod, setup.lab.node);
    return await underLoad(setup.lab, { pod: setup.pod, ...plan(run) });
  } catch (error) {
    throw new Error(`it printed:\n${run.lines().join('\n')}`, { cause: error });
  } finally {
    await run.stop();
  }
}

const backLocal = (setup: Setup) => () => untilLocal(setup.pod, setup.lab.node);

export const serveKilled: Scenario = (setup) =>
  whileRunning(setup, (run) => ({
    act: () => process.kill(servePid(run), 'SIGKILL'),
    until: backLocal(setup),
  }));

/** `run` replaces a child that is silent for 3 s. */
export const serveFrozen: Scenario = (setup) =>
  whileRunning(setup, (run) => {
    const pid = servePid(run);
    return {
      act: () => process.kill(pid, 'SIGSTOP'),
      async until() {
        await eventually(() => !descendants(run.pid).includes(pid));
        await untilLocal(setup.pod, setup.lab.node);
      },
    };
  });

export const runKilled: Scenario = (setup) =>
  whileRunning(setup, (run) => ({ act: () => process.kill(run.pid, 'SIGKILL') }));

/** As when the kernel ends all processes of a control group. */
export const everythingKilled: Scenario = (setup) =>
  whileRunning(setup, (run) => {
    const pids = [...descendants(run.pid), run.pid];
    return { act: () => pids.forEach((pid) => process.kill(pid, 'SIGKILL')) };
  });

/** Two units: the watchdog alone is killed, and later started again. @returns the rows of both events */
export async function guardKilledAndRestarted(
  setup: Setup,
): Promise<{ killed: readonly Row[]; restarted: readonly Row[] }> {
  const { lab, rules, pod } = setup;
  const first = startGuard(lab, rules);
  // The addresses must be there: the cache on its own does not wait for them.
  await first.waitForLine(/proving/);
  const serve = startServe(lab);
  let second: Child | undefined;
  try {
    await untilLocal(pod, lab.node);
    const killed = await underLoad(lab, { pod, act: () => process.kill(first.pid, 'SIGKILL') });
    const restarted = await underLoad(lab, {
      pod,
      act: () => {
        second = startGuard(lab, rules);
      },
    });
    return { killed, restarted };
  } catch (error) {
    const said = [serve, first, second].map((child) => child?.lines().join('\n'));
    throw new Error(`they printed:\n${said.join('\n\n')}`, { cause: error });
  } finally {
    await first.stop();
    await second?.stop();
    await serve.stop();
  }
}

export const rulesFlushed: Scenario = async (setup) => {
  const rows = await whileRunning(setup, () => ({
    act: () => setup.lab.node.run('nft', 'flush', 'ruleset'),
    until: () => healed(setup),
  }));
  installKubeProxy(setup.lab.node, setup.lab.mode);
  return rows;
};

export const interfaceDeleted: Scenario = (setup) =>
  whileRunning(setup, () => ({
    act: () => setup.lab.node.run('ip', 'link', 'delete', INTERFACE),
    async until() {
      await healed(setup);
      await untilLocal(setup.pod, setup.lab.node);
    },
  }));

/** The interface stands, and the rules name the cluster's address. @returns after how many ms */
async function healed({ lab, rules }: Setup): Promise<void> {
  const [save, ...args] = rules === 'nft' ? ['nft', 'list', 'ruleset'] : ['iptables-save', '-t', 'raw'];
  const look = (): boolean =>
    lab.node.succeeds('ip', 'link', 'show', INTERFACE) &&
    lab.node
      .run('env', `PATH=${lab.environment['PATH']}`, save ?? '', ...args)
      .split('\n')
      .some((line) => line.includes(CLUSTER_IP.ipv4) && !line.includes('KUBE'));
  while (!look()) await delay(LOOK_MS);
}

/** Both pods of cluster DNS are away for some seconds, fewer than the TTL. */
export const clusterDnsGone: Scenario = (setup) =>
  whileRunning(setup, () => ({
    act: () => setup.lab.clusterDns.stop(),
    async until() {
      await delay(3_000);
      await setup.lab.clusterDns.start();
    },
    load: { question: CACHED_NAME },
  }));

/** As when many services change. */
export const kubeProxyRewritten: Scenario = (setup) =>
  whileRunning(setup, () => ({
    act: async () => {
      for (let round = 0; round < 20; round++) {
        syncKubeProxy(setup.lab.node, setup.lab.mode);
        await delay(LOOK_MS);
      }
    },
    until: () => delay(0),
  }));

/** Somebody holds the xtables lock; under it the cache is killed, and has to be proved and armed again. */
export const lockHeld =
  (seconds: number): Scenario =>
  (setup) => {
    let holder: Child | undefined;
    return whileRunning(setup, (run) => ({
      act: async () => {
        holder = startChild({
          command: ['flock', setup.lab.lockFile, 'sh', '-c', `echo held; sleep ${seconds}`],
        });
        await holder.waitForLine(/held/);
        process.kill(servePid(run), 'SIGKILL');
      },
      async until() {
        await holder?.ended;
        await untilLocal(setup.pod, setup.lab.node);
      },
    }));
  };

/** Those that need no more than a lab, by the names that `npm run lab -- --event` takes. */
export const SCENARIOS = {
  'serve-killed': serveKilled,
  'serve-frozen': serveFrozen,
  'run-killed': runKilled,
  'everything-killed': everythingKilled,
  'rules-flushed': rulesFlushed,
  'interface-deleted': interfaceDeleted,
  'cluster-dns-gone': clusterDnsGone,
  'kube-proxy-rewritten': kubeProxyRewritten,
} as const satisfies Record<string, Scenario>;
