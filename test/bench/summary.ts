/** Rounds boiled down to one line for each server, and what a reader must know before believing it. Pure. */
import type { Load } from './loads.ts';
import type { Round } from './measure.ts';
import type { Role } from './servers/server.ts';
import { median, medianRatio } from './statistics.ts';

export interface Measured {
  readonly name: string;
  readonly role: Role;
  readonly rounds: readonly Round[];
}

/** Figures are medians over the rounds, unless said otherwise. */
export interface Summary {
  readonly name: string;
  readonly role: Role;
  readonly microsecondsPerAnswer: number;
  /** Of all rounds. */
  readonly lowest: number;
  readonly highest: number;
  /** Processor time against `ours`, and against the best peer; undefined where that was not measured. */
  readonly toOurs: number | undefined;
  readonly toBestPeer: number | undefined;
  readonly queriesPerSecond: number;
  readonly averageLatencyMs: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** The longest of all rounds. */
  readonly maxLatencyMs: number;
  readonly remarks: readonly string[];
}

/** Whom all are compared with. */
export const OURS_NAME = 'ours';

/** Losing up to so many of the queries is the machine's doing. */
const TOLERATED_LOSS = 0.001;
/** Of queries that may reach the upstream with a cached load, and may be missing there with misses. */
const TOLERATED_UPSTREAM = 0.01;
const GOOD_RCODES: ReadonlySet<string> = new Set(['NOERROR', 'NXDOMAIN']);

export function summarize(measured: readonly Measured[], load: Load): Summary[] {
  const costs = new Map(measured.map(({ name, rounds }) => [name, costsOf(rounds)]));
  const best = bestPeer(measured);
  const ratio = (name: string, to: string | undefined): number | undefined => {
    const [own, other] = [costs.get(name), to === undefined ? undefined : costs.get(to)];
    return own === undefined || other === undefined ? undefined : medianRatio(own, other);
  };
  return measured.map(({ name, role, rounds }) => ({
    name,
    role,
    microsecondsPerAnswer: median(costsOf(rounds)),
    lowest: Math.min(...costsOf(rounds)),
    highest: Math.max(...costsOf(rounds)),
    toOurs: ratio(name, OURS_NAME),
    toBestPeer: ratio(name, best),
    queriesPerSecond: median(rounds.map((round) => round.queriesPerSecond)),
    averageLatencyMs: median(rounds.map((round) => round.averageLatencyMs)),
    p50Ms: medianOfSome(rounds.map((round) => round.p50Ms)),
    p99Ms: medianOfSome(rounds.map((round) => round.p99Ms)),
    maxLatencyMs: Math.max(...rounds.map((round) => round.maxLatencyMs)),
    remarks: role === 'floor' ? [] : remarksOn(rounds, load),
  }));
}

/** The peer with the least processor time for an answer, or undefined. */
export function bestPeer(measured: readonly Measured[]): string | undefined {
  const peers = measured.filter(({ role }) => role === 'peer');
  const [best] = peers.toSorted((a, b) => median(costsOf(a.rounds)) - median(costsOf(b.rounds)));
  return best?.name;
}

const costsOf = (rounds: readonly Round[]): number[] => rounds.map((round) => round.microsecondsPerAnswer);

function medianOfSome(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : median(known);
}

/** What makes figures of a server doubtful. */
function remarksOn(rounds: readonly Round[], load: Load): string[] {
  const total = (count: (round: Round) => number): number =>
    rounds.reduce((sum, round) => sum + count(round), 0);
  const sent = total((round) => round.sent);
  const failed = total(failures);
  const remarks: string[] = [];
  const lost = total((round) => round.lost);
  if (lost > sent * TOLERATED_LOSS) remarks.push(`lost ${percent(lost / sent)} of the queries`);
  if (failed > sent * TOLERATED_LOSS)
    remarks.push(`answered ${percent(failed / sent)} of the queries with an error`);
  const asked = total((round) => round.upstreamQueries) / sent;
  const isCached = load.questions.length > 0;
  if (isCached && asked > TOLERATED_UPSTREAM)
    remarks.push(`asked the upstream for ${percent(asked)} of the queries`);
  if (!isCached && asked < 1 - TOLERATED_UPSTREAM)
    remarks.push(`asked the upstream for only ${percent(asked)} of the queries`);
  return remarks;
}

/** Answers that are no answers: SERVFAIL, REFUSED and the like. */
function failures({ rcodes }: Round): number {
  const others = Object.entries(rcodes).filter(([name]) => !GOOD_RCODES.has(name));
  return others.reduce((sum, [, count]) => sum + count, 0);
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
