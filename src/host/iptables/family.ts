/** The two families of addresses, each with tables, tools and lists of its own. */
import { isIPv6 } from 'node:net';

export type Family = 4 | 6;

export const FAMILIES: readonly Family[] = [4, 6];

export const familyOf = (address: string): Family => (isIPv6(address) ? 6 : 4);

export const addressesOf = (family: Family, addresses: readonly string[]): string[] =>
  addresses.filter((address) => familyOf(address) === family);

/** Those that have an address here, IPv4 first. */
export const familiesOf = (addresses: readonly string[]): Family[] =>
  FAMILIES.filter((family) => addressesOf(family, addresses).length > 0);

/** An address as the tools print it: with the length of its prefix. */
export const asPrefix = (address: string): string => `${address}/${familyOf(address) === 6 ? 128 : 32}`;
