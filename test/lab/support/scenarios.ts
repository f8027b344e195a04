/** What the events of the table are: what is started, what happens, when it is over. Bounds are the tests'; the lock's are `lock-scenarios.ts`'s. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { descendants, servePid, startGuard, startRun, startServe, untilLocal } from './daemons.ts';
import type { RulesChoice } from './daemons.ts';
import { watchSockets } from './closing.ts';
import { eventsUnderLoad, underLoad } from './event.ts';
import type { EventPlan, Outcome } from './event.ts';
import { INTERFACE, untilHealed } from './healing.ts';
import { installKubeProxy, syncKubeProxy } from './kube-proxy.ts';
import type { Lab } from './lab.ts';
import type { Namespace } from './namespace.ts';
import { CACHED_NAME } from './plan.ts';

export interface Setup {
  readonly lab: Lab;
  readonly rules: RulesChoice;
  readonly pod: Namespace;
}

export type Scenario = (setup: Setup) => Promise<Outcome>;

/** When a killed process closes its sockets is up to the kernel, and to what else the machine has to do. So what a kill costs is measured several times. */
const KILLS = { serve: 5, run: 3 } as const;
const FLUSHES = 5;
/** From the proof of a fresh start to its kill. */
const SETTLE_MS = 300;
/** Longer than a lease. */
const AFTER_KILL_MS = 1_200;
const REWRITES = 20;
const REWRITE_MS = 50;
const CLUSTER_GONE_MS = 3_000;

/** Everything that `run` is, while it intercepts. */
async function whileRunning(setup: Setup, plan: (run: Child) => Omit<EventPlan, 'pod'>): Promise<Outcome> {
  const run = await intercepting(setup);
  try {
    return { rounds: [await underLoad(setup.lab, { pod: setup.pod, ...plan(run) })] };
  } catch (error) {
    throw whatItPrinted(error, run);
  } finally {
    await run.stop();
  }
}

/** `run`, once pod and host get the cache's answers. */
export async function intercepting({ lab, rules, pod }: Setup): Promise<Child> {
  const run = startRun(lab, rules);
  try {
    await untilLocal(pod, lab.node);
    return run;
  } catch (error) {
    await run.stop();
    throw whatItPrinted(error, run);
  }
}

export const whatItPrinted = (cause: unknown, ...children: readonly (Child | undefined)[]): Error =>
  new Error(`it printed:\n${children.map((child) => child?.lines().join('\n')).join('\n\n')}`, { cause });

/** Each kill hits a fresh start: one that is killed again soon is kept out longer each time. */
const killedAgainAndAgain =
  (kills: number, kill: (run: Child) => void): Scenario =>
  async (setup) => {
    let run = await intercepting(setup);
    const sockets = await watchSockets(setup.lab.node);
    try {
      const rounds = await eventsUnderLoad(setup.lab, { pod: setup.pod }, async (happens) => {
        for (let done = 1; ; done++) {
          await happens(() => {
            kill(run);
            return sockets.untilClosed();
          });
          await delay(AFTER_KILL_MS);
          if (done === kills) return;
          await run.stop();
          run = await intercepting(setup);
          await delay(SETTLE_MS);
        }
      });
      return { rounds };
    } catch (error) {
      throw whatItPrinted(error, run);
    } finally {
      sockets.stop();
      await run.stop();
    }
  };

export const serveKilled = killedAgainAndAgain(KILLS.serve, (run) => process.kill(servePid(run), 'SIGKILL'));

export const runKilled = killedAgainAndAgain(KILLS.run, (run) => process.kill(run.pid, 'SIGKILL'));

/** As when the kernel ends all processes of a control group. */
export const everythingKilled = killedAgainAndAgain(KILLS.run, (run) => {
  for (const pid of [...descendants(run.pid), run.pid]) process.kill(pid, 'SIGKILL');
});

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

/** Two units: the watchdog alone is killed, and later started again. The first round is the kill, the second the start. */
export const guardKilledAndRestarted: Scenario = async ({ lab, rules, pod }) => {
  const first = startGuard(lab, rules);
  let serve: Child | undefined;
  let second: Child | undefined;
  try {
    // The addresses must be there: the cache on its own does not wait for them.
    await first.waitForLine(/proving/);
    serve = startServe(lab);
    await untilLocal(pod, lab.node);
    const rounds = await eventsUnderLoad(lab, { pod }, async (happens) => {
      await happens(() => process.kill(first.pid, 'SIGKILL'));
      await delay(AFTER_KILL_MS);
      await happens(() => {
        second = startGuard(lab, rules);
      });
      await second?.waitForLine(/was intercepted already/);
      await delay(AFTER_KILL_MS);
    });
    return { rounds };
  } catch (error) {
    throw whatItPrinted(error, first, serve, second);
  } finally {
    await first.stop();
    await second?.stop();
    await serve?.stop();
  }
};

/** Something of ours is taken away. */
async function whileHealing(setup: Setup, takeAway: () => unknown): Promise<Outcome> {
  let eventMs = 0;
  let healedMs = Infinity;
  const outcome = await whileRunning(setup, () => ({
    act() {
      eventMs = performance.now();
      return takeAway();
    },
    async until() {
      healedMs = await untilHealed(setup.lab, setup.rules, eventMs);
      await untilLocal(setup.pod, setup.lab.node);
    },
  }));
  return { ...outcome, healedMs };
}

/**
 * kube-proxy's rules go too, one table after the other; it puts them again later. Several times: what is on its way at that moment may be lost.
 */
export const rulesFlushed: Scenario = async (setup) => {
  const { lab, rules, pod } = setup;
  const run = await intercepting(setup);
  const healedMs: number[] = [];
  try {
    const rounds = await eventsUnderLoad(lab, { pod }, async (happens) => {
      for (let done = 0; done < FLUSHES; done++) {
        const eventMs = performance.now();
        await happens(() => lab.node.run('nft', 'flush', 'ruleset'));
        healedMs.push(await untilHealed(lab, rules, eventMs));
        installKubeProxy(lab.node, lab.mode);
        await untilLocal(pod, lab.node);
        await delay(SETTLE_MS);
      }
    });
    return { rounds, healedMs: Math.max(...healedMs) };
  } catch (error) {
    throw whatItPrinted(error, run);
  } finally {
    await run.stop();
  }
};

export const interfaceDeleted: Scenario = (setup) =>
  whileHealing(setup, () => setup.lab.node.run('ip', 'link', 'delete', INTERFACE));

/** Both pods of cluster DNS are away for some seconds, fewer than the TTL. */
export const clusterDnsGone: Scenario = (setup) =>
  whileRunning(setup, () => ({
    act: () => setup.lab.clusterDns.stop(),
    async until() {
      await delay(CLUSTER_GONE_MS);
      await setup.lab.clusterDns.start();
    },
    load: { question: CACHED_NAME },
  }));

/** As when many services change. */
export const kubeProxyRewritten: Scenario = (setup) =>
  whileRunning(setup, () => ({
    act: async () => {
      for (let round = 0; round < REWRITES; round++) {
        syncKubeProxy(setup.lab.node, setup.lab.mode);
        await delay(REWRITE_MS);
      }
    },
    until: () => delay(0),
  }));
