/**
 * From server blocks to servers: one for each address and port, with the zones of every block that is served there. What contradicts
 * itself is refused here, before anything is bound.
 */
import type { ServerIdentity, Zone } from '../chain/identity.ts';
import type { TcpTimeouts } from '../chain/plugin.ts';
import { DEFAULT_TCP_LIMITS } from '../listen/tcp-limits.ts';
import type { TcpLimits } from '../listen/tcp-limits.ts';
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
  /** Of connections, which ask for zones of several blocks: what the last block says that says something. */
  tcpLimits: TcpLimits;
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
          group = { identity, address, port, table, handler, tcpLimits: DEFAULT_TCP_LIMITS };
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
  group.tcpLimits = limitsWith(group.tcpLimits, block.settings.timeouts);
  if (!block.servers.includes(group.identity)) block.servers.push(group.identity);
}

function limitsWith(limits: TcpLimits, given: TcpTimeouts | undefined): TcpLimits {
  if (given === undefined) return limits;
  return {
    messageMs: given.readMs ?? limits.messageMs,
    stalledMs: given.writeMs ?? limits.stalledMs,
    idleMs: given.idleMs ?? limits.idleMs,
    maxQueries: given.maxQueries ?? limits.maxQueries,
  };
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
