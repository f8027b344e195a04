/** The address of a query's client in octets. */
import { ipv4FromText, ipv6FromText } from '../base/ip-address.ts';
import type { Query } from './query.ts';

/**
 * 4 octets, or 16; none when the address is no address. Without an IPv6 zone, and an IPv4 client of a socket for both families
 * (`::ffff:192.0.2.1`) is an IPv4 client. Not for the hot path: the address is made into text first.
 */
export function clientOctets(query: Pick<Query, 'clientAddress'>): Uint8Array {
  const bare = query.clientAddress.split('%', 1)[0].replace(/^::ffff:(?=[0-9]+\.)/i, '');
  return ipv4FromText(bare) ?? ipv6FromText(bare) ?? new Uint8Array(0);
}
