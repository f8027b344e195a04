/** What stands behind `npm run bench --`, read and checked. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HITS, MISSES, MIX } from './loads.ts';
import { FLOODS } from './floods.ts';
import { OVERLOAD_FLOODS } from './overload-floods.ts';
import type { Flood } from './floods.ts';
import type { Load } from './loads.ts';

export const USAGE = `npm run bench -- [options]
  --only a,b       these servers and no others
  --mix            a mix of questions as pods ask them, instead of names that are all cached
  --misses         names that nobody has asked before
  --tcp            over TCP
  --rate N         N queries a second instead of as many as are answered; shows p50 and p99 of the latency
  --overload       what others lose, and how long they wait, while one client floods the server: all floods of overload-floods.ts
  --floods a,b     these floods and no others, with --overload
  --prefer         before everybody else on the machine (autogroups; root), with --overload and --flood
  --flood KIND     latency of hits over UDP with and without a flood beside them: misses, silence or tcp
  --start          time from start to first answer of ours, --rounds times
  --memory         anonymous memory of ours: at start, with 10,000 entries, after a minute of load
  --pauses         the longest answers in a minute of 10,000 hits a second, with scrapes, a reload and lines of the log
  --guard          memory and processor time of the guard and of serve below it, in a network namespace (root)
  --churn N        anonymous memory of ours while N different names pass through the cache
  --rounds N       rounds of each server (5)
  --seconds N      seconds of each round (5)
  --json FILE      where all figures go; a new file among the temporary ones by default
  --baseline FILE  measure another build too: its dist/main.js
  --no-build       measure dist/ as it is, instead of building it first
  --install        install the Debian packages of servers that are missing; also with CI=true
  --smoke          one round of one second, to see that it works
`;

export interface BenchOptions {
  /** Names of servers; undefined for all that are measured by default. */
  readonly only: readonly string[] | undefined;
  readonly load: Load;
  readonly tcp: boolean;
  readonly rate: number | undefined;
  readonly flood: Flood | undefined;
  readonly overload: boolean;
  /** Names of floods for `overload`; undefined for all. */
  readonly floods: readonly string[] | undefined;
  readonly prefer: boolean;
  readonly start: boolean;
  readonly memory: boolean;
  readonly pauses: boolean;
  readonly guard: boolean;
  /** Names. */
  readonly churn: number | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly json: string | undefined;
  readonly baseline: string | undefined;
  readonly build: boolean;
  readonly install: boolean;
  readonly smoke: boolean;
}

/** @throws {Error} with what is wrong */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      only: { type: 'string' },
      mix: { type: 'boolean', default: false },
      misses: { type: 'boolean', default: false },
      tcp: { type: 'boolean', default: false },
      rate: { type: 'string' },
      flood: { type: 'string' },
      overload: { type: 'boolean', default: false },
      floods: { type: 'string' },
      prefer: { type: 'boolean', default: false },
      start: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
      pauses: { type: 'boolean', default: false },
      guard: { type: 'boolean', default: false },
      churn: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      json: { type: 'string' },
      baseline: { type: 'string' },
      build: { type: 'boolean', default: true },
      install: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
    },
  });
  const { only, mix, misses, json, baseline, ...others } = values;
  if (mix && misses) throw new Error('--mix and --misses are two loads; one run has one');
  const modes = (['start', 'memory', 'pauses', 'guard', 'churn', 'flood', 'overload'] as const).filter(
    (mode) => others[mode] !== undefined && others[mode] !== false,
  );
  if (modes.length > 1)
    throw new Error(
      `${modes.map((mode) => `--${mode}`).join(' and ')} are benchmarks of their own; one run is one`,
    );
  if (modes.length > 0 && (mix || misses || others.tcp))
    throw new Error(`--${modes[0]} has a load of its own, over UDP`);
  return {
    tcp: others.tcp,
    build: others.build,
    start: others.start,
    memory: others.memory,
    pauses: others.pauses,
    guard: others.guard,
    churn: others.churn === undefined ? undefined : positive('--churn', others.churn),
    install: others.install,
    smoke: others.smoke,
    only: only?.split(',').filter((name) => name !== ''),
    load: mix ? MIX : misses ? MISSES : HITS,
    flood: others.flood === undefined ? undefined : floodCalled(others.flood),
    overload: others.overload,
    prefer: others.prefer,
    floods: others.floods === undefined ? undefined : overloadFloodsCalled(others.floods),
    rate: others.rate === undefined ? undefined : positive('--rate', others.rate),
    rounds: others.smoke ? 1 : positive('--rounds', others.rounds),
    seconds: others.smoke ? 1 : positive('--seconds', others.seconds),
    json: json === undefined ? undefined : resolve(json),
    baseline: baseline === undefined ? undefined : resolve(baseline),
  };
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number <= 0)
    throw new Error(`${flag} wants a whole number above 0, not "${text}"`);
  return number;
}

function overloadFloodsCalled(names: string): readonly string[] {
  const known = OVERLOAD_FLOODS.map(({ name }) => name);
  const wanted = names.split(',').filter((name) => name !== '');
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--floods wants ${known.join(', ')}, not "${unknown}"`);
  return wanted;
}

function floodCalled(name: string): Flood {
  const flood = FLOODS.find((row) => row.name === name);
  if (flood !== undefined) return flood;
  throw new Error(`--flood wants ${FLOODS.map((row) => row.name).join(', ')}, not "${name}"`);
}
