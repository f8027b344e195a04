/** What this process alone has of the machine's memory: its heaps and stacks, not the program's own pages. */
import { readFileSync } from 'node:fs';

/** Of the auxiliary vector (getauxval(3)): the end of it, and the octets of a page. */
const AT_NULL = 0n;
const AT_PAGESZ = 6n;
const USUAL_PAGE_OCTETS = 4_096;

let pageOctets: number | undefined;

/**
 * Octets of `RssAnon` (proc(5)), from `statm`, which takes the kernel a quarter of the time that `status` does; not a number where it cannot be
 * read, as when no descriptor is left.
 */
export function anonymousOctets(path = '/proc/self/statm'): number {
  try {
    const [, resident, shared] = readFileSync(path, 'latin1').split(' ');
    return (Number(resident) - Number(shared)) * (pageOctets ??= octetsOfPage());
  } catch {
    return Number.NaN;
  }
}

function octetsOfPage(): number {
  const octets = readFileSync('/proc/self/auxv');
  const pairs = new BigUint64Array(new Uint8Array(octets).buffer, 0, octets.length >> 3);
  for (let i = 0; i + 1 < pairs.length && pairs[i] !== AT_NULL; i += 2) {
    if (pairs[i] === AT_PAGESZ) return Number(pairs[i + 1]);
  }
  return USUAL_PAGE_OCTETS;
}
