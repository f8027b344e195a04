/**
 * From what stands to what should: which commands of `ip`, in which order, and what they do in words. It looks at nothing and runs nothing;
 * what an address needs is said in `link-address.ts`. The interface is set up, since the kernel takes no IPv6 route with a source on one that
 * is down, and makes no link-local address for itself.
 */
import { mendAddress, removeAddress } from './link-address.ts';
import type { Place, Step } from './link-address.ts';
import { conflict, mustBeOurs } from './link-ownership.ts';
import { familyOf } from './link-state.ts';
import type { LinkState } from './link-state.ts';
import type { LinkPlan } from './link.ts';

export interface Mends {
  /** Makes the interface, where there is none; its own command, so that it is known who made what the others fail on. */
  readonly making: readonly string[];
  readonly commands: readonly string[];
  readonly words: readonly string[];
  /** IPv6 addresses for which the kernel will put a route of its own, some milliseconds from now, that has to be taken away then. */
  readonly awaited: readonly string[];
  /** IPv6 addresses whose route of the kernel the commands take away. */
  readonly settled: readonly string[];
}

/** kube-proxy's interface in IPVS mode, where every service address is held. */
const IPVS_INTERFACE = 'kube-ipvs0';

/**
 * @param ipv6 whether the kernel knows IPv6 at all
 * @throws {HostError} `conflict` when the interface or an address is somebody else's
 */
export function mendsFor(plan: LinkPlan, state: LinkState, ipv6: boolean): Mends {
  const { name, type, addresses } = plan;
  for (const [address, holder] of state.heldElsewhere) throw heldBy(address, holder);
  if (state.link !== undefined) mustBeOurs(name, [type], state.link);
  const stale = (state.link?.addresses ?? []).filter(({ address }) => !addresses.includes(address));
  const steps: Step[] = [
    ...setUp(plan, state, ipv6),
    ...addresses.flatMap((address) => mendAddress(placeOf(name, address, state))),
    ...stale.map(({ address }) => removeAddress(name, address)),
  ];
  return {
    making: state.link === undefined ? [`link add ${name} type ${type}`] : [],
    commands: steps.flatMap((step) => step.commands),
    words: steps.flatMap((step) => step.word ?? []),
    awaited: steps.flatMap((step) => step.awaits ?? []),
    settled: steps.flatMap((step) => step.settles ?? []),
  };
}

function heldBy(address: string, holder: string): Error {
  if (holder !== IPVS_INTERFACE) return conflict(`${address} is already held by the interface ${holder}`);
  const advice =
    'use a link-local address only (-localip 169.254.20.10), and give it to pods as their resolver';
  return conflict(
    `${address} is held by ${holder}: kube-proxy runs in IPVS mode, past which nothing can be intercepted; ${advice}`,
  );
}

function setUp({ name, type }: LinkPlan, { link }: LinkState, ipv6: boolean): Step[] {
  if (link?.up) return [];
  const quiet = ipv6 ? [`link set dev ${name} addrgenmode none`] : [];
  const word = link === undefined ? `made the ${type} ${name}` : `set ${name} up`;
  return [{ commands: [...quiet, `link set dev ${name} up`], word }];
}

const placeOf = (name: string, address: string, { link, ways, nodeAddresses }: LinkState): Place => ({
  name,
  address,
  node: nodeAddresses[familyOf(address)],
  held: link?.addresses.find((other) => other.address === address),
  way: ways.get(address) ?? { local: false, source: undefined, metric: undefined },
  goesUp: link?.up === false,
});
