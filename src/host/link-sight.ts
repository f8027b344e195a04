/**
 * What can be seen of the interface without a process: its index, whether it is up, and which IPv6 addresses it holds. IPv4 addresses have
 * no cheap place to be looked up in: /proc/net/fib_trie lists every route of the node. They need none: our `local` route outlives a deleted
 * address and goes on to carry its packets, and it goes with the interface.
 */
import { existsSync, readFileSync } from 'node:fs';
import { ipv6FromText } from '../base/ip-address.ts';
import type { LinkPlan } from './link.ts';
import { familyOf } from './link-state.ts';

/** Where the kernel shows the network namespace of this process. */
export interface SightPaths {
  readonly sysClassNet: string;
  readonly ifInet6: string;
}

export const SIGHT_PATHS: SightPaths = { sysClassNet: '/sys/class/net', ifInet6: '/proc/net/if_inet6' };

const UP = 0x1;

/** Whether the kernel knows IPv6, be it switched off or not. */
export const knowsIpv6 = ({ ifInet6 }: SightPaths): boolean => existsSync(ifInet6);

/**
 * One text for all that is seen, for comparing with another one: the same text, the same interface. Where /sys shows another namespace, or
 * nothing, it says nothing, and so never differs.
 */
export function sightOf({ name, addresses }: LinkPlan, paths: SightPaths): string {
  const index = read(`${paths.sysClassNet}/${name}/ifindex`).trim();
  const flags = Number(read(`${paths.sysClassNet}/${name}/flags`));
  const wanted = addresses.filter((address) => familyOf(address) === 6);
  const held = wanted.length === 0 ? '' : read(paths.ifInet6);
  const seen = wanted.map((address) => (held.includes(rowStart(address)) ? address : ''));
  return `${index} ${(flags & UP) === 0 ? 'down' : 'up'} ${seen.join()}`;
}

/** A row is 32 hexadecimal digits, then the interface's index and more. */
const rowStart = (address: string): string => Buffer.from(ipv6FromText(address) ?? []).toString('hex');

function read(path: string): string {
  try {
    // In this encoding Node reads a file in one go, at a fifth of the price: it is asked twice a second.
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
