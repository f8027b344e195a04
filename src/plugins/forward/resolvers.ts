/**
 * Who is asked for the addresses of upstreams that are host names: the servers that `resolver` gives, or those of the node's resolv.conf(5);
 * never this server itself, which could not answer before it has upstreams.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ipToText, ipv4FromText, ipv6FromText } from '../../base/ip-address.ts';
import type { ServerIdentity } from '../../chain/identity.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { parseResolvConf } from '../../upstream/resolv-conf.ts';

export interface ServerAddress {
  /** IP literal. */
  readonly host: string;
  readonly port: number;
}

const DNS_PORT = 53;
export const NODE_RESOLV_CONF = '/etc/resolv.conf';

/** Reads `IP` or `IP:PORT`. */
export function readResolver(text: string, cursor: Cursor): ServerAddress {
  const [, ipv6, ipv4, portText] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = isIP(text) === 0 ? (ipv6 ?? ipv4 ?? '') : text;
  const port = host === text ? DNS_PORT : Number(portText);
  const isWhole = isIP(host) !== 0 && !host.includes('%') && (ipv6 === undefined || isIP(host) === 6);
  if (isWhole && port >= 1 && port <= 65_535) return { host, port };
  throw cursor.error(`resolver must be an IP address or IP:port: "${text}"`);
}

/** The name servers of the node as they are now; none where the file cannot be read. */
export function nodeResolvers(path = NODE_RESOLV_CONF): ServerAddress[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const hosts = parseResolvConf(text).nameservers.filter((host) => isIP(host) !== 0);
  return hosts.map((host) => ({ host, port: DNS_PORT }));
}

/** Whether a question to this address comes to one of `servers`, which listen here. */
export function isOurs({ host, port }: ServerAddress, servers: readonly ServerIdentity[]): boolean {
  return servers.some(({ label }) => {
    const [, bound, boundPort] = /^dns:\/\/\[?(.*?)\]?:(\d+)$/.exec(label) ?? [];
    if (bound === undefined || Number(boundPort) !== port) return false;
    return WILDCARDS.has(bound) ? isLocal(host) : canonical(bound) === canonical(host);
  });
}

const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

function isLocal(host: string): boolean {
  const address = canonical(host);
  if (address.startsWith('127.') || address === '::1' || WILDCARDS.has(address)) return true;
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some((own) => canonical(own.address) === address),
  );
}

/** IPv6 addresses can be written in many ways. */
function canonical(text: string): string {
  const [bare] = text.split('%', 1);
  const octets = ipv4FromText(bare) ?? ipv6FromText(bare);
  return octets === undefined ? bare : ipToText(octets);
}
