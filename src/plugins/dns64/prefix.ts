/** IPv4 addresses within an IPv6 prefix (RFC 6052 section 2.2): behind the prefix, past the octet that is reserved, zeros at the end. */
import type { IpNetwork } from '../../base/ip-network.ts';
import { ipNetworkFromText } from '../../base/ip-network.ts';

const ADDRESS_OCTETS = 16;
/** Bits 64 to 71 are zero in every such address. */
const RESERVED_OCTET = 8;

/** The well-known prefix (RFC 6052 section 2.1). */
export const WELL_KNOWN_PREFIX = ipNetworkFromText('64:ff9b::/96');

/** @param ipv4 holds four octets at `offset` */
export function embed(prefix: IpNetwork, ipv4: Uint8Array, offset: number): Uint8Array {
  const address = new Uint8Array(ADDRESS_OCTETS);
  address.set(prefix.octets);
  let at = prefix.prefixLength / 8;
  for (let i = 0; i < 4; i++) {
    if (at === RESERVED_OCTET) at++;
    address[at++] = ipv4[offset + i];
  }
  return address;
}
