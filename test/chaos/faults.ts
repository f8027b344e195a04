/**
 * What can go wrong, and a story made of it: which fault begins when, whom it meets and for how long, drawn from a seed before the run begins,
 * so that the same seed tells the same story. Nothing is done here.
 */
import type { Random } from '../fuzz/random.ts';
import type { Attack } from './attacks.ts';
import { ATTACKS } from './attacks.ts';
import { VARIANTS } from './corefile.ts';
import type { Variant } from './corefile.ts';
import type { Mode } from './upstream.ts';

/** What is done. */
export type Deed =
  | { readonly kind: 'upstream'; readonly mode: Mode; readonly upstreams: readonly number[] }
  | { readonly kind: 'attack'; readonly attack: Attack }
  | { readonly kind: 'log unread' }
  | { readonly kind: 'reload'; readonly variant: Variant }
  | { readonly kind: 'frozen' }
  /** So many file descriptors more than are open, and no more. */
  | { readonly kind: 'descriptors'; readonly spare: number };

export interface Fault {
  /** As the table of the report has it. */
  readonly name: string;
  /** From the beginning of the story. */
  readonly atMs: number;
  readonly ms: number;
  readonly deed: Deed;
}

export const UPSTREAMS = 3;
const PAUSE_MS = { least: 200, most: 2_800 };
const FREEZE_MS = 300;
/** What it takes to read a Corefile, to set up what it says and to let go of what ran before. */
const RELOAD_MS = 500;
const RESTART_MS = { least: 30, most: 300 };
export const NO_DESCRIPTORS = 'no descriptors left';
const MOST_SPARE_DESCRIPTORS = 20;
/** The time of others. A total outage is longer than the TTLs that were counted down before it. */
const LASTING_MS = { least: 500, most: 5_000 };
const MODES: readonly Exclude<Mode, 'well'>[] = [
  'killed',
  'black hole',
  'half-open',
  'slow',
  'SERVFAIL',
  'REFUSED',
  'truncating',
  'lying',
  'cutting',
  'dribbling',
];
const ATTACK_NAMES = Object.keys(ATTACKS) as Attack[];

type Draw = (random: Random, free: readonly number[]) => Omit<Fault, 'atMs'> | undefined;

const between = (random: Random, { least, most }: { least: number; most: number }): number =>
  least + random.below(most - least);

/** One upstream mostly; sometimes several together, up to all. Undefined when none is free. */
const upstreamFault =
  (mode: Mode, name: string, time = LASTING_MS): Draw =>
  (random, free) => {
    if (free.length === 0) return undefined;
    const count = random.once(5) ? 1 + random.below(free.length) : 1;
    const upstreams = shuffled(random, free).slice(0, count);
    return { name, ms: between(random, time), deed: { kind: 'upstream', mode, upstreams } };
  };

const DRAWS: readonly Draw[] = [
  ...MODES.map((mode) => upstreamFault(mode, `upstream ${mode}`)),
  upstreamFault('killed', 'upstream restarted', RESTART_MS),
  ...ATTACK_NAMES.map((attack): Draw => (random) => ({
    name: attack,
    ms: between(random, LASTING_MS),
    deed: { kind: 'attack', attack },
  })),
  (random) => ({ name: 'log unread', ms: between(random, LASTING_MS), deed: { kind: 'log unread' } }),
  (random) => {
    const variant = random.pick(VARIANTS);
    return { name: 'reload', ms: RELOAD_MS, deed: { kind: 'reload', variant } };
  },
  () => ({ name: 'daemon frozen', ms: FREEZE_MS, deed: { kind: 'frozen' } }),
  (random) => {
    const deed = { kind: 'descriptors', spare: random.below(MOST_SPARE_DESCRIPTORS) } as const;
    return { name: NO_DESCRIPTORS, ms: between(random, LASTING_MS), deed };
  },
];

/**
 * @param only faults whose name it fits, to look for what one of them has done
 * @returns by the time at which they begin; all are over at `lengthMs`
 */
export function drawStory(random: Random, lengthMs: number, only = /(?:)/): Fault[] {
  const story: Fault[] = [];
  const freeAtMs = Array.from({ length: UPSTREAMS }, () => 0);
  // A deck that is dealt to its end before it is shuffled again: no kind is missing for long.
  let deck: Draw[] = [];
  for (let atMs = 0; atMs < lengthMs;) {
    if (deck.length === 0) deck = shuffled(random, DRAWS);
    const free = freeAtMs.flatMap((fromMs, upstream) => (fromMs <= atMs ? [upstream] : []));
    const drawn = deck.pop()?.(random, free);
    if (drawn === undefined || !only.test(drawn.name)) {
      // Not now, or not at all.
      atMs++;
      continue;
    }
    const fault = { ...drawn, atMs, ms: Math.min(drawn.ms, lengthMs - atMs) };
    if (fault.deed.kind === 'upstream') {
      for (const upstream of fault.deed.upstreams) freeAtMs[upstream] = atMs + fault.ms + 1;
    }
    story.push(fault);
    atMs += between(random, PAUSE_MS);
  }
  return story;
}

/** `12.345 s upstream killed (0, 2) for 1.2 s` */
export function describeFault({ atMs, name, ms, deed }: Fault): string {
  const whom = deed.kind === 'upstream' ? ` (${deed.upstreams.join(', ')})` : '';
  const how = deed.kind === 'reload' ? ` (${deed.variant})` : '';
  return `${(atMs / 1_000).toFixed(3)} s ${name}${whom}${how} for ${(ms / 1_000).toFixed(1)} s`;
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(random.below(left.length), 1));
  return out;
}
