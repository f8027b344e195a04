/** Interfaces in link-local addresses: people write `fe80::1%eth0`, the kernel wants a number. */
import { networkInterfaces } from 'node:os';

/** @returns the address without its interface, and the number of that; 0 where there is none. */
export function splitScope(address: string): { readonly bare: string; readonly scopeId: number } {
  const [bare, name] = address.split('%', 2);
  if (name === undefined) return { bare, scopeId: 0 };
  const found = networkInterfaces()[name]?.find(({ scopeid }) => scopeid !== undefined);
  return { bare, scopeId: found?.scopeid ?? Number(name) };
}
