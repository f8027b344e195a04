/**
 * The address that a datagram was sent to, as the kernel tells it beside the datagram (`IP_PKTINFO`, `IPV6_PKTINFO`), turned into what makes
 * the answer leave from that address. Without it a socket on all addresses would answer from whichever the route suggests, and clients
 * drop answers from an address they did not ask (RFC 2181 section 4.1).
 *
 *     cmsghdr: length 8, level 4, type 4, then   in_pktinfo: interface 4, local 4, destination 4
 *                                                in6_pktinfo: address 16, interface 4
 */

const HEADER_OCTETS = 16;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const IPV4_OCTETS = 32;
const IPV6_OCTETS = 40;
const IPV4_INTERFACE = HEADER_OCTETS;
const IPV6_ADDRESS = HEADER_OCTETS;
const IPV6_INTERFACE = HEADER_OCTETS + 16;

/**
 * Copies received control data into what is to be sent with the answer.
 * @returns its length in octets; 0 when there is none.
 */
export function copyReturnControl(received: Uint8Array, octets: number, out: Uint8Array): number {
  if (octets < IPV4_OCTETS) return 0;
  const isIpv4 = received[8] === IPPROTO_IP && received[12] === IP_PKTINFO;
  const length = isIpv4 ? IPV4_OCTETS : IPV6_OCTETS;
  if (octets < length) return 0;
  for (let i = 0; i < length; i++) out[i] = received[i];
  // The route decides on the interface, but for link-local addresses, which mean nothing without one.
  if (isIpv4) out.fill(0, IPV4_INTERFACE, IPV4_INTERFACE + 4);
  else if (!isLinkLocal(received)) out.fill(0, IPV6_INTERFACE, IPV6_INTERFACE + 4);
  return length;
}

const isLinkLocal = (control: Uint8Array): boolean =>
  control[IPV6_ADDRESS] === 0xfe && (control[IPV6_ADDRESS + 1] & 0xc0) === 0x80;
