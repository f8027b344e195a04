/**
 * Addresses as they stand in a hosts file: what counts as one, and the two things that are made of it, a record and a reverse name.
 * An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is an IPv4 address, and the zone of a link-local one (`%eth0`) is dropped, since no
 * record can carry it.
 */
import { ipv4FromText, ipv6FromText } from '../../base/ip-address.ts';
import { nameKey } from './name-key.ts';

export interface IpAddress {
  readonly family: 4 | 6;
  /** Four decimal octets, or eight groups in hexadecimal, none of them left out: the form that every reader of addresses gets right. */
  readonly text: string;
  /** Key of its name below `in-addr.arpa.` or `ip6.arpa.` (RFC 1035 section 3.5, RFC 3596 section 2.5). */
  readonly reverseKey: string;
}

/** Ten octets of nothing and two of ones come before an IPv4 address that is written as IPv6 (RFC 4291 section 2.5.5.2). */
const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex');

/** @returns undefined for text that is no address; IPv4 octets with leading zeros are none. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  const octets = ipv4FromText(address) ?? ipv6FromText(address);
  if (octets === undefined) return undefined;
  if (octets.length === 4) return ipv4(octets);
  const isMapped = MAPPED_PREFIX.equals(octets.subarray(0, MAPPED_PREFIX.length));
  return isMapped ? ipv4(octets.subarray(MAPPED_PREFIX.length)) : ipv6(octets);
}

function ipv4(octets: Uint8Array): IpAddress {
  const reverse = `${octets.toReversed().join('.')}.in-addr.arpa.`;
  return { family: 4, text: octets.join('.'), reverseKey: reverseKeyOf(reverse) };
}

function ipv6(octets: Uint8Array): IpAddress {
  const digits = Buffer.from(octets).toString('hex');
  const groups = (digits.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16));
  const reverse = `${digits.split('').toReversed().join('.')}.ip6.arpa.`;
  return { family: 6, text: groups.join(':'), reverseKey: reverseKeyOf(reverse) };
}

function reverseKeyOf(name: string): string {
  const key = nameKey(name);
  if (key === undefined) throw new Error(`a reverse name is always a name, but not ${name}`);
  return key;
}
