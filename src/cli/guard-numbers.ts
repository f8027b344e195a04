/** The guard's numbers on serve's page, since today's manifests have one port scraped. */
import type { FamilySnapshot } from '../observe/metrics.ts';
import { readNumbersFile } from '../observe/numbers-file.ts';
import { addSnapshots } from '../workers/add-snapshots.ts';

/** Older ones are a dead guard's, and would look alive. */
const MOST_AGE_MS = 30_000;

/** What both processes count for the same page: the guard errors of rules and interface, serve those of the template. */
const COUNTED_BY_BOTH = 'coredns_nodecache_setup_errors_total';

/** @returns ours, and those of the guard that we have not: what both have, the log and the process, is shown of ours */
export async function withGuardNumbers(
  ours: readonly FamilySnapshot[],
  path: string,
): Promise<readonly FamilySnapshot[]> {
  const names = new Set(ours.map(({ name }) => name));
  const ofGuard = await readNumbersFile(path, MOST_AGE_MS);
  const shown = ofGuard.filter(({ name }) => name === COUNTED_BY_BOTH || !names.has(name));
  return addSnapshots([ours, shown]);
}
