/**
 * What a configuration means for the addresses that the guard intercepts: a socket has to be bound to each of them by itself, since the rules
 * look for one and never take a wildcard's. Says it; changes nothing.
 */
import { ipToText, ipv4FromText, ipv6FromText } from '../base/ip-address.ts';
import type { Log } from '../observe/log-types.ts';
import type { Generation } from './generation.ts';

/** @param addresses in canonical text form, as `-localip` gives them */
export function tellOfAddresses(
  { blocks, groups }: Generation,
  addresses: readonly string[],
  port: number,
  log: Log,
): void {
  if (blocks.some(({ settings }) => settings.bindAddresses === undefined)) {
    log.info(`server blocks without bind listen on ${addresses.join(' and ')}, as --localip says`);
  }
  const bound = new Set(
    groups.filter((group) => group.port === port).map(({ address }) => canonical(address)),
  );
  for (const address of addresses.filter((wanted) => !bound.has(wanted))) {
    log.warn(`no server block listens on ${address} port ${port}: queries to it are not answered here`);
  }
}

/** A Corefile may write an IPv6 address in many ways. */
function canonical(text: string): string {
  const octets = ipv4FromText(text) ?? ipv6FromText(text);
  return octets === undefined ? text : ipToText(octets);
}
