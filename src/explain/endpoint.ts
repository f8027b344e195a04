/** Addresses and ports as they are compared: an IPv6 address may be written in many ways, and a listener may be on all addresses. */
import { ipToText, ipv4FromText, ipv6FromText } from '../base/ip-address.ts';

export interface Endpoint {
  /** As configured; empty for all addresses of the host. */
  readonly address: string;
  readonly port: number;
}

/** `127.0.0.1:53`, `[::1]:53`, and `:53` for all addresses. */
export const endpointText = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** The one text of an address; what is none stays. */
export function canonical(address: string): string {
  const octets = ipv4FromText(address) ?? ipv6FromText(address);
  return octets === undefined ? address : ipToText(octets);
}

/** Whether a listener there hears what is sent to any address of the host. */
export const isWildcard = (address: string): boolean => ['', '0.0.0.0', '::'].includes(canonical(address));

/** Addresses that are this host's, whatever interfaces it has. */
export const isLoopback = (address: string): boolean => /^127\.|^::1$/.test(canonical(address));
