/** Upstreams that cannot help: this server itself, by whatever way, and the stub of systemd-resolved. */
import type { UpstreamFacts } from '../chain/facts.ts';
import { canonical, endpointText } from './endpoint.ts';
import type { BlockExplanation, ForwardExplanation } from './explanation.ts';
import { titleOf } from './explanation.ts';
import { blockFor } from './routes.ts';
import type { Warning } from './warning.ts';
import { common, isUnder } from './zone-names.ts';

/** Where systemd-resolved answers: with everything it knows, and with nothing but what its own upstreams say. */
const STUBS: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54']);

/** @param hostAddresses of this host, in canonical text form */
export function upstreamWarnings(
  blocks: readonly BlockExplanation[],
  hostAddresses: ReadonlySet<string>,
): Warning[] {
  return blocks.flatMap((block) =>
    block.forward.flatMap((line) =>
      line.upstreams.flatMap((upstream): Warning[] => {
        if (STUBS.has(upstream.host)) return [stub(line, upstream)];
        const way = wayBack(block, line, upstream, blocks, hostAddresses);
        return way === undefined ? [] : [loop(line, upstream, way)];
      }),
    ),
  );
}

function stub(line: ForwardExplanation, upstream: UpstreamFacts): Warning {
  return {
    code: 'stub-resolver',
    place: line.place,
    message: `${nameOf(line, upstream)} is the stub of systemd-resolved, which this network namespace may not have, and which asks this cache again where it is the node's resolver. Name the servers behind it: those of /run/systemd/resolve/resolv.conf`,
  };
}

function loop(line: ForwardExplanation, upstream: UpstreamFacts, way: readonly BlockExplanation[]): Warning {
  const through = way.length === 0 ? '' : `, and comes back by way of ${way.map(titleOf).join(' and ')}`;
  return {
    code: 'loop',
    place: line.place,
    message: `a loop: ${nameOf(line, upstream)} is an address of this server itself${through}. Such queries are never answered: name the resolver behind it, such as the Service of the cluster DNS under an address of its own`,
  };
}

const nameOf = ({ files }: ForwardExplanation, { host, port }: UpstreamFacts): string =>
  endpointText({ address: host, port }) + (files.length === 0 ? '' : ` (in ${files.join(' or ')})`);

/**
 * The blocks that a query passes between this line and the block of this line again, where it goes round; undefined where it does not.
 * Followed is the topmost name that the line forwards.
 */
function wayBack(
  block: BlockExplanation,
  line: ForwardExplanation,
  upstream: UpstreamFacts,
  blocks: readonly BlockExplanation[],
  hostAddresses: ReadonlySet<string>,
): readonly BlockExplanation[] | undefined {
  const seen = new Set<BlockExplanation>();
  const follow = (
    name: string,
    { host, port }: UpstreamFacts,
    passed: readonly BlockExplanation[],
  ): readonly BlockExplanation[] | undefined => {
    const next = blockFor(name, { address: host, port }, blocks, hostAddresses);
    if (next === block) return passed;
    if (next === undefined || seen.has(next)) return undefined;
    seen.add(next);
    const ways = next.forward
      .filter((other) => takes(other, name))
      .flatMap((other) => other.upstreams.map((one) => follow(name, one, [...passed, next])));
    return ways.find((way) => way !== undefined);
  };
  const names = block.zones.flatMap(({ zone }) => common(zone, line.from) ?? []);
  for (const name of names) {
    seen.clear();
    const way = takes(line, name) ? follow(name, upstream, []) : undefined;
    if (way !== undefined) return way;
  }
  return undefined;
}

const takes = ({ from, except }: ForwardExplanation, name: string): boolean =>
  isUnder(name, from) && !except.some((zone) => isUnder(name, zone));

/** In the form in which `hostAddresses` are compared. */
export const canonicalAddresses = (addresses: readonly string[]): ReadonlySet<string> =>
  new Set(addresses.map(canonical));
