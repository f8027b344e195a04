/** The addresses at which what a server of this host sends comes back to this host. */
import { networkInterfaces } from 'node:os';

/** @param localAddresses those that are intercepted, whether an interface has them yet or not */
export function ownAddresses(localAddresses: readonly string[]): string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [...localAddresses, ...interfaces.map(({ address }) => address)];
}
