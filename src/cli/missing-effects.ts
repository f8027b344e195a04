/** Flags that are taken, so that what starts node-cache starts us, and have no effect: whoever gives one is told. */
import type { FlagValues } from './plain-flags.ts';

const WITHOUT_EFFECT = [
  'basecorefile',
  'corefile',
  'kubednscm',
  'upstreamsvc',
  'prometheus-listen-address',
  'reloadwithsignal',
] as const;

/** One sentence for all that were given; undefined when none was. */
export function missingEffects(values: FlagValues): string | undefined {
  const given = WITHOUT_EFFECT.filter((name) => values[name] !== undefined && values[name] !== false);
  if (given.length === 0) return undefined;
  const names = given.map((name) => `-${name}`).join(', ');
  return `without effect here: ${names}; the file that -conf names is served as it is, without filling in __PILLAR__ variables`;
}
