/** Socket addresses as the kernel has them (`sockaddr_in`, `sockaddr_in6`), and the address that a datagram was sent to (`pktinfo`). */
import { ipToText, ipv4FromText, ipv6FromText } from '../base/ip-address.ts';
import { readUint16, writeUint16 } from '../wire/header.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Octets of a `sockaddr_in6`, the longer of the two. */
export const MAX_ADDRESS_OCTETS = 28;
const IPV4_ADDRESS_OCTETS = 16;

/** A socket address for `bind`. @throws RangeError for text that is no IP address. */
export function socketAddress(address: string, port: number, scopeId: number): Uint8Array {
  const ipv4 = ipv4FromText(address);
  const octets = ipv4 ?? ipv6FromText(address);
  if (octets === undefined) throw new RangeError(`expected an IP address, found "${address}"`);
  const out = Buffer.alloc(ipv4 === undefined ? MAX_ADDRESS_OCTETS : IPV4_ADDRESS_OCTETS);
  out.writeUInt16LE(ipv4 === undefined ? AF_INET6 : AF_INET, 0);
  writeUint16(out, 2, port);
  out.set(octets, ipv4 === undefined ? 8 : 4);
  if (ipv4 === undefined) out.writeUInt32LE(scopeId, 24);
  return out;
}

/** The port in a socket address of either family. */
export const portOf = (address: Uint8Array): number => readUint16(address, 2);

export const isIpv6Address = (address: Uint8Array): boolean => address[0] === AF_INET6;

/** Octets of the address that count. */
export const addressOctets = (address: Uint8Array): number =>
  isIpv6Address(address) ? MAX_ADDRESS_OCTETS : IPV4_ADDRESS_OCTETS;

/** The IP address as text; a link-local one with its scope as a number. */
export function ipTextOf(address: Uint8Array): string {
  if (!isIpv6Address(address)) return ipToText(address.subarray(4, 8));
  const text = ipToText(address.subarray(8, 24));
  const scopeId = new DataView(address.buffer, address.byteOffset).getUint32(24, true);
  return scopeId === 0 ? text : `${text}%${scopeId}`;
}
