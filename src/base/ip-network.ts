/**
 * Networks as a Corefile writes them (`10.0.0.0/8`, `fd00::/8`), and whether an address in octets lies in one. The families are apart: an
 * IPv4 address is in no IPv6 network.
 */
import { ipToText, ipv4FromText, ipv6FromText } from './ip-address.ts';

export interface IpNetwork {
  /** 4 or 16; bits behind the prefix are 0. */
  readonly octets: Uint8Array;
  /** Bits that count: 0 to 32, or 0 to 128. */
  readonly prefixLength: number;
}

const WITH_LENGTH = /^([^/]+)\/([0-9]{1,3})$/;

/** @throws RangeError `invalid CIDR address: x`, in Go's words */
export function ipNetworkFromText(text: string): IpNetwork {
  const [, address = '', length = ''] = WITH_LENGTH.exec(text) ?? [];
  const octets = ipv4FromText(address) ?? ipv6FromText(address);
  const prefixLength = Number(length);
  if (octets === undefined || prefixLength > octets.length * 8) {
    throw new RangeError(`invalid CIDR address: ${text}`);
  }
  return { octets: octets.map((octet, index) => octet & maskOctet(prefixLength, index)), prefixLength };
}

export const ipNetworkToText = ({ octets, prefixLength }: IpNetwork): string =>
  `${ipToText(octets)}/${prefixLength}`;

/** Whether the address of `length` octets (4 or 16) that stands at `offset` lies in the network. */
export function isInNetwork(
  { octets, prefixLength }: IpNetwork,
  message: Uint8Array,
  offset: number,
  length: number,
): boolean {
  if (octets.length !== length) return false;
  const whole = prefixLength >>> 3;
  for (let i = 0; i < whole; i++) if (message[offset + i] !== octets[i]) return false;
  const mask = maskOctet(prefixLength, whole);
  return mask === 0 || (message[offset + whole] & mask) === octets[whole];
}

/** The bits of an address's octet at `index` that belong to the prefix. */
function maskOctet(prefixLength: number, index: number): number {
  const bits = Math.min(Math.max(prefixLength - index * 8, 0), 8);
  return (0xff00 >>> bits) & 0xff;
}
