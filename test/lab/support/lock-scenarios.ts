/**
 * The xtables lock in somebody else's hands, as of a kube-proxy with very many services: for 30 s, in which the cache dies, and for some
 * seconds, in which `run` starts. All the time it is looked at what stands in table raw.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startChild } from '../../support/child.ts';
import type { Child } from '../../support/child.ts';
import { servePid, startRun, untilLocal } from './daemons.ts';
import { watchSockets } from './closing.ts';
import { eventsUnderLoad, underLoad } from './event.ts';
import type { Lab } from './lab.ts';
import { watchRules } from './rules-watch.ts';
import { intercepting, whatItPrinted } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';

export const LOCK_SECONDS = 30;
/** Kept out for 1 s, 2 s and 4 s, the cache is back three times while the lock is held. */
const KILLS = 3;
const SETTLE_MS = 300;
/** Longer than anybody waits for it. */
export const LOCK_AT_START_SECONDS = 8;

/** The cache is killed while the lock is held, several times: each time another one has to be started, proved and armed under it. */
export const lockHeld: Scenario = async (setup) => {
  const { lab, pod } = setup;
  const watch = await watchRules(lab);
  const run = await intercepting(setup);
  const sockets = await watchSockets(lab.node);
  try {
    watch.begin();
    const holder = await holdLock(lab, LOCK_SECONDS);
    const rounds = await eventsUnderLoad(lab, { pod }, async (happens) => {
      for (let done = 0; done < KILLS; done++) {
        await happens(() => {
          process.kill(servePid(run), 'SIGKILL');
          return sockets.untilClosed();
        });
        await untilLocal(pod, lab.node);
        await delay(SETTLE_MS);
      }
      await holder.ended;
      watch.end();
    });
    return { rounds, rulesSeen: await watch.stop() };
  } catch (error) {
    throw whatItPrinted(error, run);
  } finally {
    sockets.stop();
    await run.stop();
  }
};

/**
 * Nothing of ours stands yet. Who cannot have the lock in time does not start, and says so; whoever started it does so again, here when the
 * lock is free.
 */
export const startedUnderLock: Scenario = async ({ lab, rules, pod }) => {
  const watch = await watchRules(lab);
  watch.begin();
  const holder = await holdLock(lab, LOCK_AT_START_SECONDS);
  let run: Child | undefined;
  try {
    const rows = await underLoad(lab, {
      pod,
      act: () => {
        run = startRun(lab, rules);
      },
      async until() {
        const ending = await Promise.race([run?.ended, holder.ended.then(() => undefined)]);
        await holder.ended;
        if (ending !== undefined) {
          if (ending.code !== 1) throw new Error(`run ended with ${JSON.stringify(ending)}`);
          run = startRun(lab, rules);
        }
        await untilLocal(pod, lab.node);
        watch.end();
      },
    });
    return { rounds: [rows], rulesSeen: await watch.stop() };
  } catch (error) {
    throw whatItPrinted(error, run);
  } finally {
    await run?.stop();
  }
};

/** Resolves when it is held. */
async function holdLock({ lockFile }: Lab, seconds: number): Promise<Child> {
  const holder = startChild({
    command: ['flock', '--no-fork', lockFile, 'sh', '-c', `echo held; exec sleep ${seconds}`],
  });
  await holder.waitForLine(/held/);
  return holder;
}
