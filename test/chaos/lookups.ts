/**
 * What pods look up: most of it a few services and sites, by names that need the search list of a pod (`ndots:5`, so that every short name is
 * asked for under the cluster's domains first), both address types at once; some of it headless services, ports, large texts, and names
 * that nobody asks again.
 */
import { TYPE_A, TYPE_AAAA, TYPE_SRV, TYPE_TXT } from '../../src/wire/registry.ts';
import type { Random } from '../fuzz/random.ts';

export interface Lookup {
  /** Asked one after the other until one is there; lower case, with the final dot. */
  readonly names: readonly string[];
  /** Asked together. */
  readonly types: readonly number[];
}

const SEARCH = ['default.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.'];
const BOTH = [TYPE_A, TYPE_AAAA];
export const HOT_SERVICES = 40;
const SITES = 25;
const CLOCKS = 12;
/** Asked too seldom to be prefetched, so that each comes to its end in memory. */
const RARE_CLOCKS = 100;

/** As a pod's resolver completes a name with fewer than five dots. */
const completed = (name: string): string[] => [...SEARCH.map((domain) => `${name}.${domain}`), `${name}.`];

type Kind = (random: Random) => Lookup;

const service: Kind = (random) => ({
  names: completed(`svc-${random.below(HOT_SERVICES)}.shop`),
  types: BOTH,
});
const site: Kind = (random) => ({
  names: completed(`www.site-${random.below(SITES)}.example.test`),
  types: BOTH,
});
const api: Kind = (random) => ({ names: [`api.site-${random.below(SITES)}.example.test.`], types: BOTH });
const gone: Kind = (random) => ({ names: [`gone.site-${random.below(SITES)}.example.test.`], types: BOTH });
const clock: Kind = (random) => {
  const number = random.once(2) ? random.below(CLOCKS) : CLOCKS + random.below(RARE_CLOCKS);
  return { names: [`t-${number}.clock.test.`], types: [TYPE_A] };
};
const headless: Kind = (random) => ({
  names: completed(`headless-${random.below(10)}.kube-system`),
  types: BOTH,
});
const port: Kind = (random) => ({
  names: [`_http._tcp.svc-${random.below(HOT_SERVICES)}.shop.svc.cluster.local.`],
  types: [TYPE_SRV],
});
const big: Kind = (random) => ({
  names: [`big-${random.below(10)}.shop.svc.cluster.local.`],
  types: [TYPE_TXT],
});
const cold: Kind = (random) => ({ names: [`cold-${random.uint32().toString(36)}.tail.test.`], types: BOTH });
const coldService: Kind = (random) => ({
  names: [`svc-${random.below(5_000)}.default.svc.cluster.local.`],
  types: BOTH,
});
const noText: Kind = (random) => ({
  names: [`svc-${random.below(HOT_SERVICES)}.shop.svc.cluster.local.`],
  types: [TYPE_TXT],
});

/** How many of a hundred lookups are of each kind. */
const MIX: readonly (readonly [number, Kind])[] = [
  [44, service],
  [12, site],
  [8, api],
  [3, gone],
  [9, clock],
  [6, headless],
  [4, port],
  [3, big],
  [5, cold],
  [3, coldService],
  [3, noText],
];
const DECK = MIX.flatMap(([times, kind]) => Array.from({ length: times }, () => kind));

export const drawLookup = (random: Random): Lookup => random.pick(DECK)(random);

/** Questions of the hot set, for who has to know whether it is still answered. */
export const HOT_QUESTIONS: readonly { readonly name: string; readonly type: number }[] = [
  ...Array.from({ length: HOT_SERVICES }, (_, index) => `svc-${index}.shop.svc.cluster.local.`),
  ...Array.from({ length: SITES }, (_, index) => `www.site-${index}.example.test.`),
  ...Array.from({ length: SITES }, (_, index) => `gone.site-${index}.example.test.`),
  ...Array.from({ length: CLOCKS }, (_, index) => `t-${index}.clock.test.`),
].map((name) => ({ name, type: TYPE_A }));
