/** What this process alone has of the machine's memory: its heaps and stacks, not the program's own pages. */
import { readFileSync } from 'node:fs';

const OCTETS_PER_KIB = 1024;

/** Octets of `RssAnon` (proc(5)); not a number where it cannot be read, as when no descriptor is left. */
export function anonymousOctets(path = '/proc/self/status'): number {
  try {
    const text = readFileSync(path, 'latin1');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1] ?? Number.NaN) * OCTETS_PER_KIB;
  } catch {
    return Number.NaN;
  }
}
