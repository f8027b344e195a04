/**
 * The guard's numbers for a page that shows those of `serve` as well. Names that each process has for itself, such as those of memory and of
 * the log, become the guard's own, so that no series is now of one process and now of the other.
 */
import type { FamilySnapshot, MetricRegistry } from '../observe/metrics.ts';
import { takeSnapshot } from '../observe/snapshot.ts';

const OWN = 'nodelocaldns_guard_';
/** What dashboards look for under the names of CoreDNS and node-cache; the same in both processes, or counted by both. */
const SHARED = /^coredns_/;
const PROGRAM = /^nodelocaldns_/;

/** All families, as they are now. */
export function guardFamilies(metrics: MetricRegistry): FamilySnapshot[] {
  return takeSnapshot(metrics).map(renamed);
}

function renamed(family: FamilySnapshot): FamilySnapshot {
  const { name } = family;
  if (name.startsWith(OWN) || SHARED.test(name)) return family;
  return { ...family, name: OWN + name.replace(PROGRAM, '') };
}
