/** What a load's answers say about an event: how many were lost, for how long nobody answered, who answered when. Pure. */
import { LOCAL_MARK, dnsPodMark } from '../plan.ts';
import { PATIENCE_MS, WHO_ERROR } from './options.ts';
import type { LoadResult } from './options.ts';

export interface Summary {
  readonly asked: number;
  /** Never answered, or after more than `PATIENCE_MS`. */
  readonly lost: number;
  /** From the first to the last of them, by when they were sent. */
  readonly lostSpanMs: number;
  /** Longest time in which no answer arrived. */
  readonly longestGapMs: number;
  /** Answered with an error. */
  readonly failed: number;
  readonly local: number;
  readonly cluster: number;
  /** From the event to the first answer of cluster DNS to a query sent after it; undefined without one. */
  readonly firstClusterMs: number | undefined;
  /** The median of how long its first 20 answers took. */
  readonly clusterTookMs: number | undefined;
  /** From the event until the cache answers for good: the sending of the first query with none but local answers from then on. */
  readonly backLocalMs: number | undefined;
  /** The slowest answer that came in time. */
  readonly slowestMs: number;
}

interface Asked {
  readonly sentMs: number;
  /** Infinity when it is lost. */
  readonly tookMs: number;
  readonly who: number;
}

const FIRST_ANSWERS = 20;
const isCluster = ({ who }: Asked): boolean => who >= dnsPodMark(0) && who !== WHO_ERROR;

/** @param eventNs by the clock of `LoadResult.startNs` */
export function summarize(result: LoadResult, target: number, eventNs: bigint): Summary {
  const eventMs = Number(eventNs - BigInt(result.startNs)) / 1_000_000;
  const all = queriesOf(result, target);
  const lost = all.filter(({ tookMs }) => tookMs === Infinity);
  const answered = all.filter(({ tookMs }) => tookMs !== Infinity);
  const cluster = answered.filter((query) => isCluster(query) && query.sentMs >= eventMs);
  const lastElsewhere = all.findLastIndex(({ who }) => who !== LOCAL_MARK);
  const backLocal = all[lastElsewhere + 1];
  return {
    asked: all.length,
    lost: lost.length,
    lostSpanMs: round((lost.at(-1)?.sentMs ?? 0) - (lost[0]?.sentMs ?? 0)),
    longestGapMs: round(longestGap(answered)),
    failed: answered.filter(({ who }) => who === WHO_ERROR).length,
    local: answered.filter(({ who }) => who === LOCAL_MARK).length,
    cluster: answered.filter(isCluster).length,
    firstClusterMs: roundIfAny(least(cluster.map(({ sentMs, tookMs }) => sentMs + tookMs - eventMs))),
    clusterTookMs: roundIfAny(median(cluster.slice(0, FIRST_ANSWERS).map(({ tookMs }) => tookMs))),
    backLocalMs: roundIfAny(
      lastElsewhere === -1 || backLocal === undefined ? undefined : backLocal.sentMs - eventMs,
    ),
    slowestMs: round(answered.reduce((most, { tookMs }) => Math.max(most, tookMs), 0)),
  };
}

function queriesOf(result: LoadResult, target: number): Asked[] {
  return result.sent.flatMap((sentUs, index) => {
    if (result.target[index] !== target) return [];
    const tookMs = (result.took[index] ?? -1) / 1_000;
    const inTime = tookMs >= 0 && tookMs <= PATIENCE_MS;
    return [{ sentMs: sentUs / 1_000, tookMs: inTime ? tookMs : Infinity, who: result.who[index] ?? 0 }];
  });
}

function longestGap(answered: readonly Asked[]): number {
  const arrivals = answered.map(({ sentMs, tookMs }) => sentMs + tookMs).toSorted((a, b) => a - b);
  return arrivals.reduce((most, at, index) => Math.max(most, at - (arrivals[index - 1] ?? at)), 0);
}

const least = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const round = (ms: number): number => Math.round(ms * 10) / 10;
const roundIfAny = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : round(ms));
