/**
 * Whether an interface is one that we, or the node-cache before us, could have made, and so may change and remove. There is no mark on it:
 * node-cache leaves none, and its interface is taken over as it stands. Ours is of the right type, has no ports, and holds single addresses
 * only; so a bridge of containers (docker0) or of virtual machines is never taken for it, whatever name somebody gives us.
 */
import { HostError } from './host-error.ts';
import type { FoundLink } from './link-state.ts';
import { asPrefix } from './link-state.ts';

/** @throws {HostError} `conflict`, with what was expected and what was found */
export function mustBeOurs(name: string, types: readonly string[], link: FoundLink): void {
  const { kind = 'device of another type', addresses, ports } = link;
  const expected = types.join(' or ');
  if (!types.includes(kind)) {
    const way = types.length === 1 ? '; remove it, or choose another name or type for ours' : '';
    throw conflict(`the interface ${name} is a ${kind}, expected was a ${expected}${way}`);
  }
  if (ports.length > 0) {
    throw conflict(
      `the ${kind} ${name} has ports (${ports.join(', ')}) and so is somebody else's; choose another name`,
    );
  }
  const network = addresses
    .map(({ address, prefixLength }) => ({ address, found: `${address}/${prefixLength}` }))
    .find(({ address, found }) => found !== asPrefix(address));
  if (network !== undefined) {
    const rule = 'ours has none but single addresses (/32, /128)';
    throw conflict(
      `the ${kind} ${name} has ${network.found} and so is somebody else's: ${rule}; choose another name`,
    );
  }
}

export const conflict = (message: string): HostError => new HostError('interface', 'conflict', message);
