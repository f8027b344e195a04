/** Which server block would answer a name that is asked at an address: the daemon's own choice (`serve/zone-match.ts`), made over an explanation. */
import { canonical, isLoopback, isWildcard } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { BlockExplanation } from './explanation.ts';
import { depth, isUnder } from './zone-names.ts';

/** @param hostAddresses of this host, in canonical text form: what a listener on all addresses hears */
export function blockFor(
  name: string,
  target: Endpoint,
  blocks: readonly BlockExplanation[],
  hostAddresses: ReadonlySet<string>,
): BlockExplanation | undefined {
  const exact = (listener: Endpoint): boolean => isSame(listener, target);
  const all = (listener: Endpoint): boolean =>
    listener.port === target.port &&
    isWildcard(listener.address) &&
    (isLoopback(target.address) ||
      isWildcard(target.address) ||
      hostAddresses.has(canonical(target.address)));
  // A socket on the address itself takes the query from one on all addresses.
  const hears = blocks.some(({ listens }) => listens.some(exact)) ? exact : all;
  const candidates = blocks
    .filter(({ listens }) => listens.some(hears))
    .flatMap((block) => block.zones.map(({ zone, port }) => ({ block, zone, port })))
    .filter(({ zone, port }) => port === target.port && isUnder(name, zone));
  return candidates.toSorted((a, b) => depth(b.zone) - depth(a.zone)).at(0)?.block;
}

export const isSame = (one: Endpoint, other: Endpoint): boolean =>
  one.port === other.port && canonical(one.address) === canonical(other.address);
