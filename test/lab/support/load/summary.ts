/** What a load's answers say about an event: how many were lost, for how long nobody answered, who answered when. Pure. */
import { LOCAL_MARK, dnsPodMark } from '../plan.ts';
import { PATIENCE_MS, WHO_ERROR } from './options.ts';
import type { LoadResult } from './options.ts';

export interface Summary {
  readonly asked: number;
  /** Never answered, or after more than `PATIENCE_MS`. */
  readonly lost: number;
  /** Of these, sent when the event was over. */
  readonly lostAfter: number;
  /** How long the event took: a command to its end, a kill until the sockets were closed. */
  readonly happenedMs: number | undefined;
  /** When they were sent, from the event; the first of them, at most `MOST_TIMES`. */
  readonly lostAtMs: readonly number[];
  /** Longest time in which no answer arrived. */
  readonly longestGapMs: number;
  /** Answered with an error. */
  readonly failed: number;
  readonly local: number;
  readonly cluster: number;
  /** From the event to the first answer of cluster DNS to a query sent after it; undefined without one. */
  readonly firstClusterMs: number | undefined;
  /** How long cluster DNS took for queries sent after the event: in the middle, and for all but the slowest twentieth. */
  readonly clusterTookMs: Quantiles | undefined;
  /** From the event until the cache answers for good: the sending of the first query with none but local answers from then on. */
  readonly backLocalMs: number | undefined;
  /** The slowest answer that came in time. */
  readonly slowestMs: number;
  /** How late a query left at worst: above some ten milliseconds the machine, and not the node, is what was measured. */
  readonly worstLateMs: number;
}

export interface Quantiles {
  readonly median: number;
  readonly p95: number;
}

/** What of a load is looked at, by the clock of `LoadResult.startNs`. */
export interface Span {
  readonly eventNs: bigint;
  /** When the event was over; undefined where nobody looked. */
  readonly doneNs?: bigint | undefined;
  /** Queries sent from here on; the load's beginning when undefined. */
  readonly fromNs?: bigint | undefined;
  /** Queries sent before this; the load's end when undefined. */
  readonly toNs?: bigint | undefined;
}

interface Asked {
  readonly sentMs: number;
  /** Infinity when it is lost. */
  readonly tookMs: number;
  readonly who: number;
  readonly lateMs: number;
}

const MOST_TIMES = 20;
const isCluster = ({ who }: Asked): boolean => who >= dnsPodMark(0) && who !== WHO_ERROR;

export function summarize(result: LoadResult, target: number, span: Span): Summary {
  const eventMs = Number(span.eventNs - BigInt(result.startNs)) / 1_000_000;
  const happenedMs = span.doneNs === undefined ? undefined : Number(span.doneNs - span.eventNs) / 1_000_000;
  const all = queriesOf(result, target, span);
  const lost = all.filter(({ tookMs }) => tookMs === Infinity);
  const answered = all.filter(({ tookMs }) => tookMs !== Infinity);
  const cluster = answered.filter((query) => isCluster(query) && query.sentMs >= eventMs);
  const lastElsewhere = all.findLastIndex(({ who }) => who !== LOCAL_MARK);
  const backLocal = all[lastElsewhere + 1];
  return {
    asked: all.length,
    lost: lost.length,
    lostAfter: lost.filter(({ sentMs }) => sentMs >= eventMs + (happenedMs ?? 0)).length,
    happenedMs: roundIfAny(happenedMs),
    lostAtMs: lost.slice(0, MOST_TIMES).map(({ sentMs }) => round(sentMs - eventMs)),
    longestGapMs: round(longestGap(answered)),
    failed: answered.filter(({ who }) => who === WHO_ERROR).length,
    local: answered.filter(({ who }) => who === LOCAL_MARK).length,
    cluster: answered.filter(isCluster).length,
    firstClusterMs: roundIfAny(least(cluster.map(({ sentMs, tookMs }) => sentMs + tookMs - eventMs))),
    clusterTookMs: quantilesOf(cluster.map(({ tookMs }) => tookMs)),
    backLocalMs: roundIfAny(
      lastElsewhere === -1 || backLocal === undefined ? undefined : backLocal.sentMs - eventMs,
    ),
    slowestMs: round(most(answered.map(({ tookMs }) => tookMs))),
    worstLateMs: round(most(all.map(({ lateMs }) => lateMs))),
  };
}

/** The middle value; of an even number, the higher of the two. @throws RangeError for none */
export function median(values: readonly number[]): number {
  const middle = quantile(values, 0.5);
  if (middle === undefined) throw new RangeError('no values have a middle one');
  return middle;
}

function queriesOf(result: LoadResult, target: number, { fromNs, toNs }: Span): Asked[] {
  const offsetMs = (ns: bigint): number => Number(ns - BigInt(result.startNs)) / 1_000_000;
  const fromMs = fromNs === undefined ? -Infinity : offsetMs(fromNs);
  const toMs = toNs === undefined ? Infinity : offsetMs(toNs);
  return result.sent.flatMap((sentUs, index) => {
    const sentMs = sentUs / 1_000;
    if (result.target[index] !== target || sentMs < fromMs || sentMs >= toMs) return [];
    const tookMs = (result.took[index] ?? -1) / 1_000;
    const inTime = tookMs >= 0 && tookMs <= PATIENCE_MS;
    const lateMs = (result.late[index] ?? 0) / 1_000;
    return [{ sentMs, tookMs: inTime ? tookMs : Infinity, who: result.who[index] ?? 0, lateMs }];
  });
}

function longestGap(answered: readonly Asked[]): number {
  const arrivals = answered.map(({ sentMs, tookMs }) => sentMs + tookMs).toSorted((a, b) => a - b);
  return arrivals.reduce((longest, at, index) => Math.max(longest, at - (arrivals[index - 1] ?? at)), 0);
}

function quantilesOf(values: readonly number[]): Quantiles | undefined {
  const [middle, p95] = [quantile(values, 0.5), quantile(values, 0.95)];
  return middle === undefined || p95 === undefined ? undefined : { median: round(middle), p95: round(p95) };
}

const quantile = (values: readonly number[], share: number): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
const least = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
const round = (ms: number): number => Math.round(ms * 10) / 10;
const roundIfAny = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : round(ms));
