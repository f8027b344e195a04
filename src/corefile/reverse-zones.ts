// Turns a network (`10.0.0.0/15`) into the zones that hold its reverse names. Such a zone can only be cut between two
// octets (IPv4) or nibbles (IPv6), so a prefix in between becomes all the zones one cut further: at most 128 or 8.

import { ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

/** A family's numbers: a unit is what one label of a reverse name stands for. */
interface Family {
  readonly unitBits: number;
  readonly suffix: string;
  readonly radix: number;
}

const IPV4: Family = { unitBits: 8, suffix: 'in-addr.arpa.', radix: 10 };
const IPV6: Family = { unitBits: 4, suffix: 'ip6.arpa.', radix: 16 };

/**
 * The reverse zones of a network, fully qualified, in ascending order of their addresses.
 *
 * @param text an address, a slash and a prefix length, as Go's `net.ParseCIDR` takes them; bits behind the prefix are
 *   ignored
 * @returns undefined when `text` is no such thing
 * @throws {RangeError} `invalid CIDR x` for an IPv6 network written with a leading zero or colon, as in CoreDNS
 */
export function cidrToReverseZones(text: string): string[] | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/([0-9]+)$/.exec(text) ?? [];
  const octets = ipv4FromText(address) ?? ipv6FromText(address);
  if (octets === undefined) return undefined;
  const family = octets.length === 4 ? IPV4 : IPV6;
  const units = [...octets].flatMap((octet) => (family === IPV4 ? [octet] : [octet >> 4, octet & 15]));
  const prefix = Number(length);
  if (prefix > units.length * family.unitBits) return undefined;
  if (family === IPV6 && /^[:0]/.test(text)) throw new RangeError(`invalid CIDR ${text}`);
  return zonesOf(units, prefix, family);
}

function zonesOf(units: readonly number[], prefix: number, family: Family): string[] {
  const whole = Math.floor(prefix / family.unitBits);
  const fixed = units.slice(0, whole);
  const bitsInNext = prefix % family.unitBits;
  if (bitsInNext === 0) return [reverseName(fixed, family)];
  const count = 2 ** (family.unitBits - bitsInNext);
  const next = units[whole] ?? 0;
  const first = next - (next % count);
  return Array.from({ length: count }, (_, index) => reverseName([...fixed, first + index], family));
}

function reverseName(units: readonly number[], family: Family): string {
  return (
    units
      .toReversed()
      .map((unit) => `${unit.toString(family.radix)}.`)
      .join('') + family.suffix
  );
}
