// Turns a network (`10.0.0.0/15`) into the zones that hold its reverse names. Such a zone can only be cut between two
// octets (IPv4) or nibbles (IPv6), so a prefix in between becomes all the zones one cut further: at most 128 or 8.

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
  const octets = parseIPv4(address);
  const groups = octets === undefined ? parseIPv6(address) : undefined;
  const units =
    octets ?? groups?.flatMap((group) => [group >> 12, (group >> 8) & 15, (group >> 4) & 15, group & 15]);
  if (units === undefined) return undefined;
  const family = octets === undefined ? IPV6 : IPV4;
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

/** Four octets; undefined for anything else, leading zeros included. */
function parseIPv4(text: string): number[] | undefined {
  const parts = text.split('.');
  const valid =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
  return valid ? parts.map(Number) : undefined;
}

/** Eight groups of 16 bits (RFC 4291, section 2.2); undefined for anything else, zone identifiers included. */
function parseIPv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (tail === undefined || text.slice(0, text.indexOf('::')).includes('.')) return undefined;
  const missing = 8 - head.length - tail.length;
  return missing > 0 ? [...head, ...Array.from({ length: missing }, () => 0), ...tail] : undefined;
}

/** Groups between colons, of which the last may be an IPv4 address, that is two groups. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const octets = index === parts.length - 1 ? parseIPv4(part) : undefined;
    if (octets !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = octets;
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}
