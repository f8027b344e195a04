/**
 * Events under load: 1,000 queries per second and family from a pod and as many from a process of the node, before an event, through it and
 * behind it, and what became of each.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import { startLoad } from './load/load.ts';
import type { LoadOptions, LoadResult } from './load/options.ts';
import { summarize } from './load/summary.ts';
import type { Span, Summary } from './load/summary.ts';
import type { Namespace } from './namespace.ts';
import { FAMILIES } from './plan.ts';
import type { Family } from './plan.ts';
import type { RulesSeen } from './rules-watch.ts';

export interface Row extends Summary {
  readonly client: 'pod' | 'host';
  readonly family: Family;
}

/** What one event cost: a row for each client and family. */
export type Rows = readonly Row[];

export interface Outcome {
  /** For each time that it happened, in their order. Every query of the load is in one of them. */
  readonly rounds: readonly Rows[];
  /** From the event until interface and rules stood whole again, where that is looked at. */
  readonly healedMs?: number;
  /** What stood in the meantime, where that is looked at. */
  readonly rulesSeen?: RulesSeen;
}

interface Happened {
  readonly eventNs: bigint;
  readonly doneNs: bigint;
}

/** Runs it, and takes down its time: it is over when what `act` returned is. */
export type Happens = (act: () => unknown) => Promise<void>;

interface Clients {
  readonly pod: Namespace;
  readonly load?: Partial<LoadOptions>;
}

export interface EventPlan extends Clients {
  /** At the event, in this process; synchronous up to what the event is, and over when the event is. */
  readonly act: () => unknown;
  /** Until what the event has begun is over; by default 2.5 s. */
  readonly until?: (() => Promise<unknown>) | undefined;
}

/** Loads keep the pace to some milliseconds on a machine with two processors; when not, something else had them. */
const STALL_MS = 60;
const BEFORE_MS = 1_000;
const HOLD_MS = 2_500;
const AFTER_MS = 500;
/** A query lost so shortly before an event is the event's. */
const LEAD_NS = 250_000_000n;

/** One event. */
export async function underLoad(lab: Lab, { act, until, ...clients }: EventPlan): Promise<Rows> {
  const [rows = []] = await eventsUnderLoad(lab, clients, async (happens) => {
    await happens(act);
    await (until === undefined ? delay(HOLD_MS) : until());
  });
  return rows;
}

/** @param course of one load, with as many events as it says */
export async function eventsUnderLoad(
  lab: Lab,
  { pod, load = {} }: Clients,
  course: (happens: Happens) => Promise<void>,
): Promise<readonly Rows[]> {
  forgetTracked(lab.node);
  const loads = await Promise.all([pod, lab.node].map((client) => startLoad(client, load)));
  const times: Happened[] = [];
  await delay(BEFORE_MS);
  await course(async (act) => {
    const eventNs = process.hrtime.bigint();
    await act();
    times.push({ eventNs, doneNs: process.hrtime.bigint() });
  });
  await delay(AFTER_MS);
  const [fromPod, fromHost] = await Promise.all(loads.map((each) => each.stop()));
  return spansOf(times).map((span) => rowsOf('pod', fromPod, span).concat(rowsOf('host', fromHost, span)));
}

/**
 * What is tracked of an event before this one, as it is by itself half a minute later. In that time the kernel still sends queries to cluster DNS
 * that come from a port which asked there during a fallback, whenever no rule of ours keeps them from being tracked.
 */
const forgetTracked = (node: Namespace): string => node.run('conntrack', '-F');

/** Each reaches to shortly before the next event; together they are the whole load. */
const spansOf = (times: readonly Happened[]): Span[] =>
  times.map(({ eventNs, doneNs }, index) => {
    const next = times[index + 1]?.eventNs;
    return {
      eventNs,
      doneNs,
      fromNs: index === 0 ? undefined : eventNs - LEAD_NS,
      toNs: next === undefined ? undefined : next - LEAD_NS,
    };
  });

const rowsOf = (client: 'pod' | 'host', result: LoadResult | undefined, span: Span): Row[] =>
  result === undefined
    ? []
    : FAMILIES.map((family, target) => Object.assign({ client, family }, summarize(result, target, span)));

const MOST_TRIES = 3;

/**
 * Again, where the load stalled in half of the rounds or more: a machine that is busy with something else loses nothing of ours, but says
 * nothing either.
 */
export async function undisturbed(
  scenario: () => Promise<Outcome>,
  triesLeft = MOST_TRIES,
): Promise<Outcome> {
  const found = await scenario();
  const stalled = found.rounds.filter((rows) => rows.some(({ worstLateMs }) => worstLateMs > STALL_MS));
  const again = stalled.length * 2 >= found.rounds.length && triesLeft > 1;
  return again ? undisturbed(scenario, triesLeft - 1) : found;
}
