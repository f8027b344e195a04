/**
 * The value of `-localip`: which addresses to intercept. Both families in one process, in any text form, in any order; whether the host can have
 * them is for `ManagedLink` to find out.
 */
import { ipToText, ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

/** What no other host could be asked at, or not by that address alone. */
const UNFIT: readonly { readonly is: (octets: Uint8Array) => boolean; readonly what: string }[] = [
  { is: (octets) => octets.every((octet) => octet === 0), what: 'the wildcard address' },
  {
    is: (octets) => octets.length === 4 && octets[0] === 0,
    what: 'an address of "this network" (0.0.0.0/8)',
  },
  {
    is: (octets) => (octets.length === 4 ? octets[0] === 127 : ipToText(octets) === '::1'),
    what: 'a loopback address',
  },
  { is: isMulticast, what: 'a multicast address' },
  {
    is: (octets) => octets.length === 4 && octets[0] >= 240,
    what: 'a broadcast or reserved address (240.0.0.0/4)',
  },
  { is: isMapped, what: 'an IPv4 address written as IPv6 (::ffff:0:0/96); write it as IPv4' },
  {
    is: (octets) => octets.length === 16 && octets[0] === 0xfe && (octets[1] & 0xc0) === 0x80,
    what: 'an IPv6 link-local address (fe80::/10), which cannot be reached without naming a link; use one from fd00::/8',
  },
];

/**
 * Addresses are separated by commas; white space around them and empty places (as a removed placeholder leaves them) are nothing.
 *
 * @returns at least one, none twice, IPv6 in the shortest form (RFC 5952), in the order of the text
 * @throws {RangeError} with what was expected and what was found
 */
export function parseLocalAddresses(text: string): string[] {
  const words = text.split(',').map((word) => word.trim());
  const addresses = words.filter((word) => word !== '').map(parseAddress);
  if (addresses.length === 0) {
    throw fault('expected IP addresses separated by commas, such as 169.254.20.10,10.96.0.10, found none');
  }
  return [...new Set(addresses)];
}

function parseAddress(word: string): string {
  const octets = ipv4FromText(word) ?? ipv6FromText(word);
  if (octets === undefined) throw fault(`${JSON.stringify(word)} is not an IP address${whyNot(word)}`);
  const unfit = UNFIT.find(({ is }) => is(octets));
  if (unfit !== undefined) throw fault(`${JSON.stringify(word)} is ${unfit.what}`);
  return ipToText(octets);
}

/** For what people write and mean an address. */
function whyNot(word: string): string {
  if (word.includes('%')) return ': an address of one link only (with %) cannot be intercepted';
  if (word.includes('/')) return ': leave the prefix length away';
  if (word.startsWith('[')) return ': leave the brackets away';
  if (word.startsWith('__PILLAR__')) return ': a placeholder that nobody has filled in';
  return '';
}

/** RFC 5771, RFC 4291 section 2.7. */
function isMulticast(octets: Uint8Array): boolean {
  return octets.length === 4 ? octets[0] >= 224 && octets[0] < 240 : octets[0] === 0xff;
}

/** RFC 4291 section 2.5.5.2. */
function isMapped(octets: Uint8Array): boolean {
  return (
    octets.length === 16 &&
    octets.subarray(0, 10).every((octet) => octet === 0) &&
    octets[10] === 0xff &&
    octets[11] === 0xff
  );
}

const fault = (what: string): RangeError => new RangeError(`-localip: ${what}`);
