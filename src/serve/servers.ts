/**
 * From server blocks to servers: one for each address and port, with the zones of every block that is served there. What contradicts
 * itself is refused here, before anything is bound.
 */
import type { ServerIdentity, Zone } from '../chain/identity.ts';
import type { Block } from './block.ts';
import { RootHandler } from './root-handler.ts';
import type { InFlight } from './root-handler.ts';
import type { Surroundings } from './surroundings.ts';
import { ZoneTable } from './zone-match.ts';

export interface ServerGroup {
  readonly identity: ServerIdentity;
  /** As configured: empty for all addresses of the host. */
  readonly address: string;
  readonly port: number;
  readonly table: ZoneTable<Block>;
  readonly handler: RootHandler;
  /** The most octets of a reply over UDP, by the block that allows most. */
  udpPayload: number;
}

/** All addresses of the host. */
const WILDCARD = '';

export function layOutServers(
  blocks: readonly Block[],
  inFlight: InFlight,
  surroundings: Surroundings,
): ServerGroup[] {
  const groups = new Map<string, ServerGroup>();
  const defaultAddresses = surroundings.defaultAddresses ?? [WILDCARD];
  for (const block of blocks) {
    for (const address of block.settings.bindAddresses ?? defaultAddresses) {
      for (const zone of block.zones) {
        const port = block.ports[zone.index];
        const identity = surroundings.servers.identity(address, port);
        let group = groups.get(identity.label);
        if (group === undefined) {
          const table = new ZoneTable<Block>();
          const handler = new RootHandler(identity, table, inFlight, surroundings);
          group = { identity, address, port, table, handler, udpPayload: 0 };
          groups.set(identity.label, group);
        }
        refuseOverlap(groups.values(), group, zone, block);
        place(group, zone, block);
      }
    }
  }
  return [...groups.values()];
}

function place(group: ServerGroup, zone: Zone, block: Block): void {
  if (group.table.find(zone) !== undefined) {
    throw new Error(`${block.place} - cannot serve ${describe(group, zone)} - it is already defined`);
  }
  group.table.add(zone, block);
  group.udpPayload = Math.max(group.udpPayload, block.settings.udpPayload);
  if (!block.servers.includes(group.identity)) block.servers.push(group.identity);
}

/** A zone on all addresses and on one of them at the same port: nobody could say which block answers. */
function refuseOverlap(groups: Iterable<ServerGroup>, group: ServerGroup, zone: Zone, block: Block): void {
  for (const other of groups) {
    if (other.port !== group.port || (other.address === WILDCARD) === (group.address === WILDCARD)) continue;
    if (other.table.find(zone) === undefined) continue;
    throw new Error(
      `${block.place} - cannot serve ${describe(group, zone)} - zone overlap listener capacity with ${describe(other, zone)}`,
    );
  }
}

const describe = ({ address, port }: ServerGroup, zone: Zone): string =>
  `dns://${zone.text}:${port}${address === WILDCARD ? '' : ` on ${address}`}`;
