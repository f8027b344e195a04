/**
 * Addresses as they stand in a hosts file: what counts as one, and the two things that are made of it, a record and a reverse name.
 * An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is an IPv4 address, and the zone of a link-local one (`%eth0`) is dropped, since no
 * record can carry it.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { nameKey } from './name-key.ts';

export interface IpAddress {
  readonly family: 4 | 6;
  /** Four decimal octets, or eight groups in hexadecimal, none of them left out: the form that every reader of addresses gets right. */
  readonly text: string;
  /** Key of its name below `in-addr.arpa.` or `ip6.arpa.` (RFC 1035 section 3.5, RFC 3596 section 2.5). */
  readonly reverseKey: string;
}

const HEX_GROUP_DIGITS = 4;
const GROUPS = 8;

/** @returns undefined for text that is no address; IPv4 octets with leading zeros are none. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  if (isIPv4(address)) return ipv4(address.split('.').map(Number));
  if (!isIPv6(address)) return undefined;
  const groups = ipv6Groups(address);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return ipv4(groups.slice(6).flatMap((group) => [group >>> 8, group & 0xff]));
  return ipv6(groups);
}

function ipv4(octets: readonly number[]): IpAddress {
  const reverse = `${octets.toReversed().join('.')}.in-addr.arpa.`;
  return { family: 4, text: octets.join('.'), reverseKey: reverseKeyOf(reverse) };
}

function ipv6(groups: readonly number[]): IpAddress {
  const hex = groups.map((group) => group.toString(16));
  const digits = hex.map((group) => group.padStart(HEX_GROUP_DIGITS, '0')).join('');
  const reverse = `${digits.split('').toReversed().join('.')}.ip6.arpa.`;
  return { family: 6, text: hex.join(':'), reverseKey: reverseKeyOf(reverse) };
}

/** The eight groups of a valid address (RFC 4291 section 2.2). */
function ipv6Groups(address: string): number[] {
  const [head, tail] = address.split('::').map((half) => half.split(':').flatMap(parseGroup));
  if (tail === undefined) return head;
  return [...head, ...Array.from({ length: GROUPS - head.length - tail.length }, () => 0), ...tail];
}

/** One group; two for the dotted form, which may stand last; none beside a `::` at either end. */
function parseGroup(text: string): number[] {
  if (text === '') return [];
  if (!text.includes('.')) return [Number.parseInt(text, 16)];
  const [a, b, c, d] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

function reverseKeyOf(name: string): string {
  const key = nameKey(name);
  if (key === undefined) throw new Error(`a reverse name is always a name, but not ${name}`);
  return key;
}
