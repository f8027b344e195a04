/**
 * One event under load: 1,000 queries per second and family from a pod and as many from a process of the node, before it, through it and
 * behind it, and what became of each.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import { startLoad } from './load/load.ts';
import type { LoadOptions, LoadResult } from './load/options.ts';
import { summarize } from './load/summary.ts';
import type { Summary } from './load/summary.ts';
import type { Namespace } from './namespace.ts';
import { FAMILIES } from './plan.ts';
import type { Family } from './plan.ts';

export interface Row extends Summary {
  readonly client: 'pod' | 'host';
  readonly family: Family;
  /** How late the load itself was: above `STALL_MS` the machine, and not the node, is what was measured. */
  readonly worstLateMs: number;
}

export interface EventPlan {
  readonly pod: Namespace;
  /** At the event, in this process; synchronous up to what the event is. */
  readonly act: () => unknown;
  /** Until what the event has begun is over; by default 2.5 s. */
  readonly until?: (() => Promise<unknown>) | undefined;
  readonly load?: Partial<LoadOptions>;
}

/** Loads keep the pace to some milliseconds on a machine with two processors; when not, something else had them. */
export const STALL_MS = 60;
const BEFORE_MS = 1_000;
const HOLD_MS = 2_500;
const AFTER_MS = 500;

/** @returns a row for each client and family */
export async function underLoad(
  lab: Lab,
  { pod, act, until, load = {} }: EventPlan,
): Promise<readonly Row[]> {
  const loads = await Promise.all([pod, lab.node].map((client) => startLoad(client, load)));
  await delay(BEFORE_MS);
  const eventNs = process.hrtime.bigint();
  await act();
  await (until === undefined ? delay(HOLD_MS) : until());
  await delay(AFTER_MS);
  const [fromPod, fromHost] = await Promise.all(loads.map((each) => each.stop()));
  return [...rows('pod', fromPod, eventNs), ...rows('host', fromHost, eventNs)];
}

const rows = (client: 'pod' | 'host', result: LoadResult | undefined, eventNs: bigint): Row[] =>
  result === undefined
    ? []
    : FAMILIES.map((family, target) => rowOf(client, family, result, summarize(result, target, eventNs)));

const rowOf = (client: 'pod' | 'host', family: Family, { worstLate }: LoadResult, summary: Summary): Row => ({
  ...summary,
  client,
  family,
  worstLateMs: Math.round(worstLate / 100) / 10,
});

const MOST_TRIES = 3;

/** Again, where the load stalled: a machine that is busy with something else loses nothing of ours, but says nothing either. */
export async function undisturbed(
  scenario: () => Promise<readonly Row[]>,
  triesLeft = MOST_TRIES,
): Promise<readonly Row[]> {
  const found = await scenario();
  const stalled = found.some(({ worstLateMs }) => worstLateMs > STALL_MS);
  return stalled && triesLeft > 1 ? undisturbed(scenario, triesLeft - 1) : found;
}
