/**
 * What one address on the interface needs. It is local, but nobody may send from it without having bound it: in fallback, a packet for it goes
 * through kube-proxy to another node, and an answer to the cluster DNS address would come back to nobody (kubernetes/kubernetes#134239). So:
 * - its `local` route carries the node's address as source. IPv4: ours goes in front of the kernel's own, which stays behind it. IPv6: there
 *   the kernel's (metric 0) always wins, so ours is put behind it and then the kernel's is taken away.
 * - it is never the source towards other addresses: IPv4 by scope host, IPv6 by being deprecated (preferred lifetime 0; RFC 6724 section 5).
 * Without an address of the node for a family, the kernel's own routes stay as they are.
 */
import { asPrefix, familyOf } from './link-state.ts';
import type { HeldAddress, Way } from './link-state.ts';

/** Commands of `ip` for one thing, and what it is in words. */
export interface Step {
  readonly commands: readonly string[];
  readonly word?: string;
  /** As `Mends.awaited`. */
  readonly awaits?: string;
  /** As `Mends.settled`. */
  readonly settles?: string;
}

/** An address of the plan, on the interface `name`. */
export interface Place {
  readonly name: string;
  readonly address: string;
  /** What host processes should send from; undefined when the node has none of this family. */
  readonly node: string | undefined;
  /** Undefined when the interface does not hold it. */
  readonly held: HeldAddress | undefined;
  readonly way: Way;
  /** Whether the interface stands and is being set up. */
  readonly goesUp: boolean;
}

/** Of the IPv6 routes to an address, the lowest metric wins. 0 cannot be given: in a command it means any, the lowest first. */
const KERNEL_METRIC = 0;
const OUR_METRIC = 1024;

/** IPv4: the route first, then there is no moment in which the kernel would take the address for a source. */
export function mendAddress(place: Place): Step[] {
  return familyOf(place.address) === 4
    ? [...lead4(place), ...hold4(place)]
    : [...hold6(place), ...lead6(place)];
}

/** Our route outlives an address that somebody deletes, and so may stand where the address does not. */
function lead4({ name, address, node, held, way }: Place): Step[] {
  const route = (from: string): string =>
    `local ${address} table local dev ${name} proto kernel scope host src ${from}`;
  const { local, source = address } = way;
  if (!local && node === undefined) {
    // The kernel makes one with the address; it makes none for an address that it has.
    return held === undefined
      ? []
      : [{ commands: [`route prepend ${route(address)}`], word: again(address) }];
  }
  const isOurs = local && source !== address;
  if (node !== undefined) {
    const command = isOurs ? 'replace' : 'prepend';
    return local && source === node
      ? []
      : [{ commands: [`route ${command} ${route(node)}`], word: askedFrom(address, node) }];
  }
  if (!isOurs) return [];
  // The node may have lost the address that ours carries; the kernel's own stands behind it.
  return [{ commands: [`route del ${route(source)}`], word: `took ${source} from the route of ${address}` }];
}

/** An address that node-cache left is put anew where our route carries its packets meanwhile. */
function hold4({ name, address, node, held }: Place): Step[] {
  const what = `${asPrefix(address)} dev ${name}`;
  const add = `address add ${what} scope host`;
  if (held === undefined) return [{ commands: [add], word: `added ${address}` }];
  if (!held.isSource || node === undefined) return [];
  return [{ commands: [`address del ${what}`, add], word: noSource(address) }];
}

/** `nodad`: nobody else can have it, and until the kernel had made sure of that nobody could bind it. */
function hold6({ name, address, held }: Place): Step[] {
  if (held?.isSource === false) return [];
  const what = `${asPrefix(address)} dev ${name} nodad preferred_lft 0`;
  if (held === undefined) return [{ commands: [`address add ${what}`], word: `added ${address}` }];
  return [{ commands: [`address change ${what} valid_lft forever`], word: noSource(address) }];
}

function lead6({ name, address, node, held, way, goesUp }: Place): Step[] {
  const source = node === undefined ? '' : ` src ${node}`;
  const put = `route replace local ${address} table local dev ${name} proto kernel metric ${OUR_METRIC}${source}`;
  // With the address, and when an interface goes up that holds it, the kernel makes its own route, from a work queue.
  const isAwaited = held === undefined || goesUp;
  if (node === undefined) return way.local || isAwaited ? [] : [{ commands: [put], word: again(address) }];
  const word = askedFrom(address, node);
  if (isAwaited) return [{ commands: [put], word, awaits: address }];
  if (way.local && way.metric === KERNEL_METRIC) {
    const remove = `route del local ${address} table local dev ${name} metric ${KERNEL_METRIC}`;
    return [{ commands: [put, remove], word, settles: address }];
  }
  return way.local && way.source === node ? [] : [{ commands: [put], word }];
}

/** An address that is in no plan any more, with its route: ours outlives the address. */
export function removeAddress(name: string, address: string): Step {
  const remove = `address del ${asPrefix(address)} dev ${name}`;
  const word = `removed ${address}, which is none of ours any more`;
  if (familyOf(address) === 4) {
    return { commands: [remove, `route flush table local exact ${asPrefix(address)} dev ${name}`], word };
  }
  // `flush` takes no IPv6 prefix in a batch, and `del` must find a route: so one is put there for it.
  const route = `local ${address} table local dev ${name} metric ${OUR_METRIC}`;
  return { commands: [`route replace ${route} proto kernel`, `route del ${route}`, remove], word };
}

const noSource = (address: string): string => `${address} is no source towards others any more`;

const again = (address: string): string => `made ${address} local again`;

const askedFrom = (address: string, node: string): string => `host processes ask ${address} from ${node}`;
