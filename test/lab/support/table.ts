/** The events and what each may cost, as a table of tests: every rule backend, kube-proxy mode and way to attach a pod is held to the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { undisturbed } from './event.ts';
import type { Row } from './event.ts';
import { Figures } from './figures.ts';
import type { Setting } from './figures.ts';
import { buildLab } from './lab.ts';
import type { Lab } from './lab.ts';
import type { KubeProxyMode } from './kube-proxy.ts';
import type { RulesChoice } from './daemons.ts';
import {
  clusterDnsGone,
  everythingKilled,
  guardKilledAndRestarted,
  interfaceDeleted,
  kubeProxyRewritten,
  lockHeld,
  rulesFlushed,
  runKilled,
  serveFrozen,
  serveKilled,
} from './scenarios.ts';
import type { Scenario, Setup } from './scenarios.ts';

/** Queries that may be lost of 1,000 per second; so milliseconds, too. */
interface Bound {
  readonly pod: number;
  readonly host: number;
  /** The first answer of cluster DNS in a pod, from the event. */
  readonly podClusterMs?: number;
  /** Every answer is the cache's. */
  readonly staysLocal?: true;
}

interface Event {
  readonly name: string;
  readonly scenario: Scenario;
  readonly bound: Bound;
}

const LOCK_SECONDS = 12;

export const EVENTS = {
  serveKilled: {
    name: 'serve killed under run',
    scenario: serveKilled,
    bound: { pod: 10, host: 100 },
  },
  serveFrozen: { name: 'serve frozen', scenario: serveFrozen, bound: { pod: 1_200, host: 1_200 } },
  runKilled: { name: 'run killed', scenario: runKilled, bound: { pod: 10, host: 1_200 } },
  everythingKilled: {
    name: 'everything killed at once',
    scenario: everythingKilled,
    bound: { pod: 10, host: 1_200 },
  },
  rulesFlushed: { name: 'nft flush ruleset', scenario: rulesFlushed, bound: { pod: 0, host: 1_500 } },
  interfaceDeleted: { name: 'interface deleted', scenario: interfaceDeleted, bound: { pod: 0, host: 1_500 } },
  clusterDnsGone: {
    name: 'cluster DNS gone and back, cached name',
    scenario: clusterDnsGone,
    bound: { pod: 0, host: 0 },
  },
  kubeProxyRewritten: {
    name: 'kube-proxy rewrites its tables',
    scenario: kubeProxyRewritten,
    bound: { pod: 0, host: 0, staysLocal: true },
  },
  lockHeld: {
    name: `serve killed, xtables lock held for ${LOCK_SECONDS} s`,
    scenario: lockHeld(LOCK_SECONDS),
    bound: { pod: 10, host: 2_200 },
  },
} as const satisfies Record<string, Event>;

export type EventName = keyof typeof EVENTS | 'guardKilled';

export interface TablePlan {
  readonly rules: RulesChoice;
  readonly mode: KubeProxyMode;
  readonly pod: 'ptp' | 'bridge';
  readonly events: readonly EventName[];
}

/** Defines the tests of one setting, each with both families and from pod and host. */
export function defineTable({ rules, mode, pod, events }: TablePlan): void {
  const figures = new Figures({ rules, kubeProxy: mode, pod } satisfies Setting);
  let lab: Lab | undefined;
  beforeAll(async () => {
    lab = await buildLab(mode);
  });
  afterAll(async () => {
    figures.publish();
    await lab?.close();
  });
  const setup = (): Setup => {
    if (lab === undefined) throw new Error('there is no lab');
    return { lab, rules, pod: pod === 'ptp' ? lab.pod1 : lab.pod2 };
  };
  const check = (name: string, rows: readonly Row[], bound: Bound): void => {
    figures.add(name, rows);
    for (const row of rows) expectWithin(name, row, bound);
  };
  for (const key of events) {
    if (key === 'guardKilled') {
      it('guard killed and started again, as a unit of its own', async () => {
        const { killed, restarted } = await guardKilledAndRestarted(setup());
        check('guard killed', killed, { pod: 0, host: 0, staysLocal: true });
        check('guard started again', restarted, { pod: 0, host: 0, staysLocal: true });
      });
      continue;
    }
    const { name, scenario, bound } = EVENTS[key] as Event;
    it(name, async () => check(name, await undisturbed(() => scenario(setup())), bound));
  }
}

function expectWithin(name: string, row: Row, bound: Bound): void {
  const where = `${name}: ${row.client}, ${row.family}: ${JSON.stringify(row)}`;
  expect(row.lost, where).toBeLessThanOrEqual(bound[row.client]);
  expect(row.failed, where).toBe(0);
  if (bound.staysLocal === true) expect(row.cluster, where).toBe(0);
}
