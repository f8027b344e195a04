/**
 * Addresses of name servers as the kube-dns ConfigMap has them: an IP address, or one with a port (in brackets for IPv6). node-cache takes
 * host names in a first check and refuses them in its second, so here they are refused, with that reason. Pure.
 */
import { ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

const LARGEST_PORT = 65_535;

/** @returns why `forward` could not ask this server, to follow its name; undefined when it can */
export function whyNoNameServer(text: string): string | undefined {
  if (isAddress(text)) return undefined;
  const { host, port } = splitHostPort(text);
  const isIp = host !== undefined && (host.isIpv6 ? ipv6FromText(host.text) : ipv4FromText(host.text));
  if (!isIp) return 'is no IP address, nor one with a port (host names cannot be used here)';
  return isPort(port) ? undefined : `has a port that is none: expected 1 to ${LARGEST_PORT}`;
}

const isAddress = (text: string): boolean =>
  ipv4FromText(text) !== undefined || ipv6FromText(text) !== undefined;

interface HostPort {
  readonly host: { readonly text: string; readonly isIpv6: boolean } | undefined;
  readonly port: string;
}

function splitHostPort(text: string): HostPort {
  const [, ipv6, ipv4, port = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(.*)$/.exec(text) ?? [];
  if (ipv6 !== undefined) return { host: { text: ipv6, isIpv6: true }, port };
  return { host: ipv4 === undefined ? undefined : { text: ipv4, isIpv6: false }, port };
}

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= LARGEST_PORT;
