// What the keys of a server block mean: which transport, which zones, which port. It also reads the zones that
// plugins take as arguments, which are written like keys. Whether two blocks claim the same zone is decided where all
// of them are known, not here.

import { goQuote } from '../base/go-quote.ts';
import { parseInteger } from '../base/integer.ts';
import { fullyQualify, lowerCaseName, MOST_NAME_OCTETS, nameOctets } from './domain-name.ts';
import { cidrToReverseZones } from './reverse-zones.ts';

export { cidrToReverseZones } from './reverse-zones.ts';

export type Scheme = 'dns' | 'tls' | 'quic' | 'grpc' | 'https' | 'https3' | 'unix';

/** One zone that a server block serves. */
export interface ZoneKey {
  readonly scheme: Scheme;
  /** Fully qualified, ASCII in lower case, in presentation form: `cluster.local.`, or `.` for the root. */
  readonly zone: string;
  /** 0 to 65535; 0 for `unix`, which has none. */
  readonly port: number;
}

/** Ports of keys that name none; that of `dns` is the caller's. */
const DEFAULT_PORTS: Readonly<Record<Exclude<Scheme, 'dns'>, number>> = {
  tls: 853,
  quic: 853,
  grpc: 443,
  https: 443,
  https3: 443,
  unix: 0,
};

const SCHEMES: readonly Scheme[] = ['dns', 'tls', 'quic', 'grpc', 'https', 'https3', 'unix'];

/** RFC 6335, section 6. */
const LARGEST_PORT = 65_535;

/**
 * Reads one key of a server block: `[SCHEME://]ZONE[:PORT]`, where ZONE is a domain name or a network. What follows
 * the last colon is the port only if it is an integer; an unknown scheme is part of the name.
 *
 * @param defaultPort the port of `dns` keys that name none
 * @returns one zone, or all zones of a network that does not end between two labels
 * @throws {RangeError} with CoreDNS's text, such as `zone is not a valid domain name: x`
 */
export function parseZoneKey(key: string, defaultPort: number): ZoneKey[] {
  const { scheme, rest } = splitScheme(key);
  const { host, port } = splitPort(rest);
  const zones = zonesOf(host);
  const effectivePort = port ?? (scheme === 'dns' ? defaultPort : DEFAULT_PORTS[scheme]);
  if (effectivePort < 0 || effectivePort > LARGEST_PORT)
    throw new RangeError(`address ${effectivePort}: invalid port`);
  return zones.map((zone) => ({ scheme, zone, port: effectivePort }));
}

/**
 * The zones that a plugin's argument names, written like a key; its scheme and port are accepted and dropped.
 *
 * @returns fully qualified names, ASCII in lower case; several only for a network
 * @throws {RangeError} `unable to normalize 'x'`
 */
export function normalizeZone(text: string): string[] {
  try {
    return zonesOf(splitPort(splitScheme(text).rest).host);
  } catch (cause) {
    throw new RangeError(`unable to normalize '${text}'`, { cause });
  }
}

function splitScheme(key: string): { scheme: Scheme; rest: string } {
  const scheme = SCHEMES.find((name) => key.startsWith(`${name}://`));
  return scheme === undefined
    ? { scheme: 'dns', rest: key }
    : { scheme, rest: key.slice(`${scheme}://`.length) };
}

function splitPort(text: string): { host: string; port: number | undefined } {
  const colon = text.lastIndexOf(':');
  if (colon === text.length - 1) throw new RangeError(`expecting data after last colon: ${goQuote(text)}`);
  const port = colon === -1 ? undefined : integerOrUndefined(text.slice(colon + 1));
  return port === undefined ? { host: text, port } : { host: text.slice(0, colon), port };
}

function integerOrUndefined(text: string): number | undefined {
  try {
    return parseInteger(text);
  } catch {
    return undefined;
  }
}

function zonesOf(host: string): string[] {
  checkLength(new TextEncoder().encode(host).length);
  const octets = nameOctets(host);
  if (octets === undefined) throw new RangeError(`zone is not a valid domain name: ${host}`);
  const zone = fullyQualify(host);
  checkLength(new TextEncoder().encode(zone).length);
  checkLength(octets);
  return cidrToReverseZones(host) ?? [lowerCaseName(zone)];
}

/** CoreDNS measures the text only; a name that fits as text may still be too long for a message. */
function checkLength(octets: number): void {
  if (octets > MOST_NAME_OCTETS)
    throw new RangeError(`specified zone is too long: ${octets} > ${MOST_NAME_OCTETS}`);
}
