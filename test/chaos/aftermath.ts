/**
 * What has to hold once the faults are over: it answers again, an outage of every upstream does not take away what was known, and left alone
 * it is as small and as idle as it was in the beginning.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { anonymousMib } from '../bench/footprint.ts';
import { UPSTREAMS } from './faults.ts';
import { Asker } from './load.ts';
import { HOT_QUESTIONS } from './lookups.ts';
import { become } from './misdeeds.ts';
import type { Stage } from './misdeeds.ts';
import type { Served } from './served.ts';
import { TcpStub, UdpStub } from './stubs.ts';
import type { Mode } from './upstream.ts';
import type { Verdict } from './judge.ts';

export interface Counters {
  readonly panics: number;
  /** Queries that it counted as asked of it. */
  readonly requests: number;
  /** What the answers take that it keeps. */
  readonly cacheOctets: number;
}

export interface Quiet extends Counters {
  readonly socketsAtStart: number;
  readonly sockets: number;
  readonly anonymousMib: number;
  /** Of a processor, from 0 to 1. */
  readonly processorShare: number;
}

/** What an upstream's breaker takes at most, and the longest remembered failure of a question that was asked all the time. */
const RECOVERY_MS = 32_000;
const LOOK_MS = 250;
const OCTETS_PER_MIB = 2 ** 20;
const ALL = Array.from({ length: UPSTREAMS }, (_, index) => index);
/** Longer than the shortest time that answers are kept (5 s), so that some are stale. */
const OUTAGES: readonly (readonly [Mode, number])[] = [
  ['killed', 3_500],
  ['black hole', 2_500],
];
const OUTAGE_LOOK_MS = 700;
/** Upstream connections end after 2 s without use, clients' ones after 10 s. */
const SOCKETS_MS = 15_000;
const IDLE_MS = 2_000;
const IDLE_LOOKS = 3;
/**
 * One tick of the kernel's count (10 ms) in two seconds. Idle it is none, and a timer that fires each millisecond is two; what the daemon does
 * each ten seconds is in one of the looks.
 */
const MOST_IDLE_SHARE = 0.0075;
/** Beside what the cache has grown by. A question that leaves 100 octets behind is 20 in a run of two minutes. */
const MOST_GROWTH_MIB = 8;
/** A daemon that was busy holds garbage, looks for it every ten seconds, and collects no more often than each minute. */
export const LOOKED_MS = 11_000;
const COLLECTED_MS = 75_000;
/** Shorter stories end before memory has reached its level, and are not asked for it. */
export const LEVEL_MS = 60_000;

/** Everybody of the hot set has to be told the truth, by an upstream or from memory. */
export async function answersAgain(stage: Stage, seed: number): Promise<string[]> {
  const endMs = performance.now() + RECOVERY_MS;
  const asker = new Asker({ port: stage.ports.dns, seed, ledger: stage.ledger }, 5_000);
  let missing: string[] = [];
  while (performance.now() < endMs && stage.served.ended === undefined) {
    missing = [...(await unanswered(asker, stage, ['right'])), ...(await unansweredOverTcp(asker, stage))];
    if (missing.length === 0) return [];
    await delay(LOOK_MS);
  }
  return [`${RECOVERY_MS / 1_000} s after the last fault not answered: ${missing.slice(0, 5).join(', ')}`];
}

/** With every upstream gone, and then silent, what is known goes on being answered. */
export async function survivesOutage(stage: Stage, seed: number): Promise<string[]> {
  const problems: string[] = [];
  const asker = new Asker({ port: stage.ports.dns, seed, ledger: stage.ledger }, 6_000);
  const seen = new Map<Verdict['kind'] | 'lost', number>();
  for (const [mode, ms] of OUTAGES) {
    const span = stage.ledger.begin(`all upstreams ${mode}, hot names`, ALL);
    await become(stage, ALL, mode);
    const endMs = performance.now() + ms;
    while (performance.now() < endMs) {
      const missing = await unanswered(asker, stage, ['right', 'stale'], seen);
      if (missing.length > 0) {
        problems.push(
          `with all upstreams ${mode} not answered from memory: ${missing.slice(0, 5).join(', ')}`,
        );
      }
      await delay(OUTAGE_LOOK_MS);
    }
    stage.ledger.end(span);
  }
  await become(stage, ALL, 'well');
  if (!seen.has('stale')) problems.push('the outage was too short to see a stale answer');
  return problems.slice(0, 3);
}

/** The names of the hot set that have no answer of these kinds. */
async function unanswered(
  asker: Asker,
  stage: Stage,
  kinds: readonly string[],
  seen = new Map<string, number>(),
): Promise<string[]> {
  const stub = await UdpStub.open(stage.ports.dns, asker.strange);
  const found = await Promise.all(
    HOT_QUESTIONS.map(async ({ name, type }) => {
      const kind = await asker.ask(stub, 'udp', name, type);
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      return kinds.includes(kind) ? [] : [`${name} ${kind}`];
    }),
  );
  stub.close();
  return found.flat();
}

/**
 * The least that the process holds while it is left alone, in MiB of RssAnon.
 *
 * @param mostMs how long to look
 * @param enoughMib at which to look no longer
 */
export async function levelMib(pid: number, mostMs: number, enoughMib = 0): Promise<number> {
  const endMs = performance.now() + mostMs;
  let least = anonymousMib(pid);
  while (least > enoughMib && performance.now() < endMs) {
    await delay(LOOK_MS);
    least = Math.min(least, anonymousMib(pid));
  }
  return least;
}

/** On a new connection: those that are open say nothing about the socket that takes them. */
async function unansweredOverTcp(asker: Asker, stage: Stage): Promise<string[]> {
  const stub = await TcpStub.open(stage.ports.dns, asker.strange);
  if (stub === undefined) return ['a TCP connection that did not open'];
  const kinds = await Promise.all(
    HOT_QUESTIONS.slice(0, 3).map(({ name, type }) => asker.ask(stub, 'tcp', name, type)),
  );
  stub.close();
  return kinds.filter((kind) => kind !== 'right' && kind !== 'stale').map((kind) => `${kind} over TCP`);
}

export interface Before {
  readonly socketsAtStart: number;
  readonly warmMib: number;
  /** Octets of the answers that were kept then. */
  readonly warmCacheOctets: number;
  /** Of the story. */
  readonly lengthMs: number;
}

export async function quietProblems(
  { served, ports }: Stage,
  { socketsAtStart, warmMib, warmCacheOctets, lengthMs }: Before,
): Promise<{ readonly quiet: Quiet | undefined; readonly problems: string[] }> {
  if (served.ended !== undefined) return { quiet: undefined, problems: [] };
  const endMs = performance.now() + SOCKETS_MS;
  while (served.socketCount() > socketsAtStart && performance.now() < endMs) await delay(LOOK_MS);
  const processorShare = await idleShare(served);
  // Before a page is asked for, which takes a socket itself.
  const sockets = served.socketCount();
  const counters = await countersOf(ports.metrics);
  const asksLevel = lengthMs >= LEVEL_MS;
  const mostMib = warmMib + (counters.cacheOctets - warmCacheOctets) / OCTETS_PER_MIB + MOST_GROWTH_MIB;
  const quiet: Quiet = {
    socketsAtStart,
    sockets,
    anonymousMib: await levelMib(served.pid, asksLevel ? COLLECTED_MS : 0, mostMib),
    processorShare,
    ...counters,
  };
  const problems: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || problems.push(what));
  must(quiet.sockets <= socketsAtStart, `${quiet.sockets} sockets open, ${socketsAtStart} at the start`);
  must(processorShare <= MOST_IDLE_SHARE, `${(processorShare * 100).toFixed(1)} % of a processor while idle`);
  must(quiet.panics === 0, `coredns_panics_total is ${quiet.panics}`);
  must(
    !asksLevel || quiet.anonymousMib <= mostMib,
    `${quiet.anonymousMib.toFixed(1)} MiB at the end, where ${mostMib.toFixed(1)} would be as after the warm-up`,
  );
  return { quiet, problems };
}

/** Of a processor, in the least busy of some seconds: a timer that was left behind is there in all of them. */
async function idleShare(served: Served): Promise<number> {
  let least = Infinity;
  for (let left = IDLE_LOOKS; left > 0; left--) {
    const [beforeMs, began] = [served.processorMs(), performance.now()];
    await delay(IDLE_MS);
    least = Math.min(least, (served.processorMs() - beforeMs) / (performance.now() - began));
  }
  return least;
}

/** What the daemon says of itself. */
export async function countersOf(port: number): Promise<Counters> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
  const text = await response.text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(String.raw`^${name}(?:\{.*\})? (\S+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  // Without the counter nothing is known of panics, which is no zero.
  const panics = text.includes('coredns_panics_total') ? sum('coredns_panics_total') : Number.NaN;
  return {
    panics,
    requests: sum('coredns_dns_requests_total'),
    cacheOctets: sum('nodelocaldns_cache_memory_bytes'),
  };
}
