/** `source_address`: which address of ours an upstream is asked from. There may be one of each family, and it has to be that of the upstream. */
import { isIP } from 'node:net';
import { someArguments } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';

/** The addresses of one line; none where the route decides. */
export type SourceAddresses = readonly string[];

/** Reads `source_address IP [IP]`; a later line takes the place of an earlier one, as in CoreDNS. */
export function readSourceAddresses(cursor: Cursor): SourceAddresses {
  const addresses = someArguments(cursor);
  const families = new Set<number>();
  for (const address of addresses) {
    const family = address.includes('%') ? 0 : isIP(address);
    if (family === 0) throw cursor.error(`invalid IP address: ${address}`);
    if (families.has(family)) throw cursor.error(`more than one source_address for IPv${family}: ${address}`);
    families.add(family);
  }
  return addresses;
}

/** The address to ask `host` from; undefined where the route decides, or where none fits (see `canReach`). */
export const sourceFor = (host: string, sources: SourceAddresses): string | undefined =>
  sources.find((source) => isIP(source) === isIP(host));

/** Whether an upstream can be asked at all: a socket has one family. */
export const canReach = (host: string, sources: SourceAddresses): boolean =>
  sources.length === 0 || sourceFor(host, sources) !== undefined;
