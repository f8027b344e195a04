/** One line of a block of `acl`: which queries it is about, and what becomes of them. */
import { isInNetwork } from '../../base/ip-network.ts';
import type { IpNetwork } from '../../base/ip-network.ts';

export type Action = 'allow' | 'block' | 'filter' | 'drop';

export interface Policy {
  readonly action: Action;
  /** Types of question; undefined for all. */
  readonly types: ReadonlySet<number> | undefined;
  /** Where clients come from; undefined for anywhere. */
  readonly networks: readonly IpNetwork[] | undefined;
}

/**
 * What the first policy that is about the query says; undefined when none is.
 * @param client as `clientOctets` gives it; an address that is none is blocked by any policy that asks for networks
 */
export function judge(policies: readonly Policy[], type: number, client: Uint8Array): Action | undefined {
  for (const { action, types, networks } of policies) {
    if (types !== undefined && !types.has(type)) continue;
    if (networks === undefined) return action;
    if (client.length === 0) return 'block';
    if (networks.some((network) => isInNetwork(network, client, 0, client.length))) return action;
  }
  return undefined;
}
