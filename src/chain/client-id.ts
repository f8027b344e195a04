/**
 * Who a client is where clients are kept apart so that none takes the share of the others: its IP address, in both families whole. A pod
 * has an address of its own, and the pods of a node have theirs out of one prefix, for IPv6 commonly a /64 (kube-controller-manager's
 * `--node-cidr-mask-size-ipv6`): to take the /64 for the client, as a server on the Internet would, were to take all pods for one.
 * Whoever sends from many addresses has many shares; the network of the node decides who can.
 */
import { ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

/** Small numbers for IPv4 and short strings for IPv6; equal for the same address, however the query came. */
export type ClientId = number | string;

const IPV4_OCTETS = 4;

/** @param octets 4 or 16 of them, from `at` on */
export function clientIdOf(octets: Uint8Array, at: number, length: number): ClientId {
  const half = (index: number): number => (octets[at + index * 2] << 8) | octets[at + index * 2 + 1];
  if (length === IPV4_OCTETS) return (half(0) << 16) | half(1);
  return String.fromCharCode(half(0), half(1), half(2), half(3), half(4), half(5), half(6), half(7));
}

/** The same from text; the scope of a link-local address says nothing about who it is. */
export function clientIdFromText(text: string): ClientId {
  const octets = text.includes(':') ? ipv6FromText(text.split('%', 1)[0]) : ipv4FromText(text);
  return octets === undefined ? text : clientIdOf(octets, 0, octets.length);
}
