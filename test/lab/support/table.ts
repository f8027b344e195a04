/** The events and what each may cost, as a table of tests: every rule backend, kube-proxy mode and way to attach a pod is held to the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { undisturbed } from './event.ts';
import type { Outcome, Row } from './event.ts';
import { EVENTS } from './events.ts';
import type { Bound, Event, EventName } from './events.ts';
import { Figures } from './figures.ts';
import type { Setting } from './figures.ts';
import { buildLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { median } from './load/summary.ts';
import type { KubeProxyMode } from './kube-proxy.ts';
import type { RulesChoice } from './daemons.ts';
import { FAMILIES } from './plan.ts';
import type { RulesSeen } from './rules-watch.ts';
import type { Setup } from './scenarios.ts';

export interface TablePlan {
  readonly rules: RulesChoice;
  readonly mode: KubeProxyMode;
  readonly pod: 'ptp' | 'bridge';
  readonly events: readonly EventName[];
}

const CLIENTS = ['pod', 'host'] as const;
/** Of a watch of several seconds, that it has looked at all. */
const LEAST_LOOKS = 50;

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
  for (const key of events) {
    const { names, scenario, bound }: Event = EVENTS[key];
    it(names.join(', '), async () => {
      const outcome = await undisturbed(() => scenario(setup()));
      figures.add(names, outcome);
      expectWithin(outcome, names.length > 1, bound);
    });
  }
}

/** @param apart whether each round is an event of its own */
function expectWithin(outcome: Outcome, apart: boolean, bound: Bound): void {
  for (const client of CLIENTS) {
    for (const family of FAMILIES) {
      const rows = outcome.rounds.flat().filter((row) => row.client === client && row.family === family);
      for (const rounds of apart ? rows.map((row) => [row]) : [rows]) expectRows(rounds, bound);
    }
  }
  if (bound.healedMs !== undefined) expect(outcome.healedMs).toBeLessThanOrEqual(bound.healedMs);
  if (bound.rules !== undefined) expectRules(outcome.rulesSeen, bound.rules);
}

/** All rounds of one client and family. */
function expectRows(rows: readonly Row[], bound: Bound): void {
  const [{ client } = { client: 'pod' as const }] = rows;
  const where = rows.map((row) => JSON.stringify(row)).join('\n');
  const most = bound[client];
  if (most !== undefined) expect(median(rows.map(({ lost }) => lost)), where).toBeLessThanOrEqual(most);
  if (bound.podAfter !== undefined && client === 'pod') {
    expect(
      rows.map(({ lostAfter }) => lostAfter),
      where,
    ).toEqual(rows.map(() => bound.podAfter));
  }
  for (const { failed, cluster } of rows) {
    expect(failed, where).toBe(0);
    if (bound.staysLocal === true) expect(cluster, where).toBe(0);
  }
  if (bound.podClusterMs === undefined || client !== 'pod') return;
  const p95 = rows.map(({ clusterTookMs }) => clusterTookMs?.p95 ?? Infinity);
  expect(median(p95), where).toBeLessThanOrEqual(bound.podClusterMs);
}

function expectRules(seen: RulesSeen | undefined, wanted: 'whole' | 'whole or absent'): void {
  expect(seen?.looks).toBeGreaterThan(LEAST_LOOKS);
  for (const family of FAMILIES) {
    const texts = seen?.texts[family] ?? [];
    // Whole is what stands while everything works; more than that one text would be a part of it.
    const whole = texts.filter((text) => text !== '');
    expect(whole, family).toHaveLength(1);
    if (wanted === 'whole') expect(texts, family).toEqual(whole);
  }
}
