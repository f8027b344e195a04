/**
 * A chaos run from its start to its verdict: daemon, upstreams and pods are started, warmed up, led through a story of faults, left alone,
 * and looked at. What has to hold at the end stands in `aftermath.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../fuzz/random.ts';
import { freePort } from '../support/free-port.ts';
import {
  LEVEL_MS,
  LOOKED_MS,
  answersAgain,
  countersOf,
  levelMib,
  quietProblems,
  survivesOutage,
} from './aftermath.ts';
import type { Quiet } from './aftermath.ts';
import { ATTACKS } from './attacks.ts';
import type { Attack } from './attacks.ts';
import { Helper } from './child-process.ts';
import { corefile } from './corefile.ts';
import type { Ports } from './corefile.ts';
import { UPSTREAMS, drawStory } from './faults.ts';
import type { Fault } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';
import { commit } from './misdeeds.ts';
import type { Stage } from './misdeeds.ts';
import { Served } from './served.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** Of the story; start, warm-up, outage and quiet come on top: half a minute. */
  readonly lengthMs: number;
  /** What Node runs, from the root of the repository; `dist/main.js` where it is built, `src/main.ts` otherwise. */
  readonly entry: string | undefined;
  /** Faults whose name it fits; all when undefined. */
  readonly only: RegExp | undefined;
}

export interface ChaosReport {
  readonly story: readonly Fault[];
  readonly ledger: Ledger;
  /** What the daemon printed last. */
  readonly log: readonly string[];
  readonly quiet: Quiet | undefined;
  readonly warmMib: number;
  readonly problems: readonly string[];
}

const WARM_UP_SHARE = 0.15;
const WARM_UP_MS = { least: 1_000, most: 15_000 };
/**
 * Of all questions for whose zone an upstream was well, random names and whatever else befell the daemon included: one in a thousand may go
 * without an answer, which is what the other clients of a node may lose beside a flood. Runs of two minutes lose none of 80,000.
 */
const LEAST_AVAILABILITY = 0.999;
const CACHE_MEMORY = '8Mi';

export async function runChaos({ seed, lengthMs, entry, only }: ChaosOptions): Promise<ChaosReport> {
  const story = drawStory(new Random(seed, 1), lengthMs, only);
  const stage = await setStage(seed, entry);
  const { ledger, served } = stage;
  const problems: string[] = [];
  const socketsAtStart = served.socketCount();
  const warmLedger = new Ledger();
  await warmUp({ ...stage, ledger: warmLedger }, seed, lengthMs);
  ledger.wrong.push(...warmLedger.wrong);
  const warmMib = await levelMib(served.pid, lengthMs < LEVEL_MS ? 0 : LOOKED_MS);
  const { cacheOctets: warmCacheOctets } = await countersOf(stage.ports.metrics);
  const load = new Load({ port: stage.ports.dns, seed, ledger });
  load.start();
  await tell(stage, story);
  served.reload(corefile(stage.ports));
  if (served.ended === undefined) problems.push(...(await answersAgain(stage, seed)));
  await load.stop();
  if (served.ended === undefined) problems.push(...(await survivesOutage(stage, seed)));
  const { quiet, problems: noisy } = await quietProblems(stage, {
    socketsAtStart,
    warmMib,
    warmCacheOctets,
    lengthMs,
  });
  problems.push(...noisy);
  const ending = served.ended ?? (await served.stop());
  if (ending !== 'exit code 0') problems.push(`the daemon ended with ${ending}`);
  for (const helper of [stage.upstreams, stage.attacker]) {
    if (helper.failed !== undefined) problems.push(helper.failed);
    helper.stop();
  }
  problems.push(...served.suspects.map((line) => `the daemon printed: ${line}`));
  problems.push(...ledgerProblems(ledger));
  return { story, ledger, log: served.lastLines, quiet, warmMib, problems };
}

async function setStage(seed: number, entry: string | undefined): Promise<Stage> {
  const upstreamPorts: number[] = [];
  while (upstreamPorts.length < UPSTREAMS) upstreamPorts.push(await freePort());
  const ports: Ports = {
    dns: await freePort(),
    metrics: await freePort(),
    extra: await freePort(),
    upstreams: upstreamPorts,
  };
  const upstreams = await Helper.start('upstream-process.ts', [seed, ...upstreamPorts]);
  const attacker = await Helper.start('attacker-process.ts', [seed, ports.dns]);
  const served = await Served.start(corefile(ports), ['--cache-memory', CACHE_MEMORY], entry);
  return { ports, served, upstreams, attacker, ledger: new Ledger() };
}

/** Everything once, so that what is loaded and kept for it is there before memory is first looked at. */
async function warmUp(stage: Stage, seed: number, lengthMs: number): Promise<void> {
  const all = Math.min(WARM_UP_MS.most, Math.max(WARM_UP_MS.least, lengthMs * WARM_UP_SHARE));
  const attacks = Object.keys(ATTACKS) as Attack[];
  const load = new Load({ port: stage.ports.dns, seed, ledger: stage.ledger });
  load.start();
  const flood = attackFor(stage, 'flood of random names', all);
  for (const attack of attacks) await attackFor(stage, attack, all / attacks.length);
  await flood;
  await load.stop();
}

const attackFor = (stage: Stage, attack: Attack, ms: number): Promise<void> =>
  commit(stage, { name: attack, atMs: 0, ms, deed: { kind: 'attack', attack } });

/** Resolves when every fault is over. */
async function tell(stage: Stage, story: readonly Fault[]): Promise<void> {
  const startMs = performance.now();
  const under: Promise<void>[] = [];
  for (const fault of story) {
    await delay(Math.max(0, startMs + fault.atMs - performance.now()));
    if (stage.served.ended !== undefined) break;
    under.push(commit(stage, fault));
  }
  await Promise.all(under);
}

function ledgerProblems({ wrong, withUpstream }: Ledger): string[] {
  const problems = wrong.map((text) => `a wrong answer: ${text}`);
  const { availability } = withUpstream;
  if (availability < LEAST_AVAILABILITY) {
    problems.push(
      `${(availability * 100).toFixed(3)} % answered while an upstream was well, less than ${LEAST_AVAILABILITY * 100} %`,
    );
  }
  return problems;
}
