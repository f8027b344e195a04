/**
 * One page for both processes, on either address, since node-cache shows the same on both: the guard's numbers on serve's page, and serve's on
 * the guard's.
 */
import { guardFamilies } from '../guard/guard-families.ts';
import type { FamilySnapshot, MetricRegistry } from '../observe/metrics.ts';
import { readNumbersFile } from '../observe/numbers-file.ts';
import { askNumbers } from '../observe/numbers-socket.ts';
import { addSnapshots } from '../workers/add-snapshots.ts';

/** Older ones are a dead guard's, and would look alive. */
const MOST_AGE_MS = 30_000;

/** A serve that does not answer within this is frozen or overloaded; a scraper waits for some ten seconds. */
const SERVE_TIMEOUT_MS = 2_000;

/** What both processes count for the same page: the guard errors of rules and interface, serve those of the template. */
const COUNTED_BY_BOTH = 'coredns_nodecache_setup_errors_total';

/** For serve's page. @param path of the file that the guard writes */
export async function withGuardNumbers(
  ofServe: readonly FamilySnapshot[],
  path: string,
): Promise<readonly FamilySnapshot[]> {
  return onePage(ofServe, await readNumbersFile(path, MOST_AGE_MS));
}

/** For the guard's page: the guard's alone where serve does not answer. @param name under which serve offers its numbers */
export async function withServeNumbers(
  ofGuard: MetricRegistry,
  name: string,
): Promise<readonly FamilySnapshot[]> {
  const ofServe = await askNumbers(name, SERVE_TIMEOUT_MS);
  return onePage(ofServe, guardFamilies(ofGuard));
}

/** Serve's, and those of the guard that serve has not. */
function onePage(
  ofServe: readonly FamilySnapshot[],
  ofGuard: readonly FamilySnapshot[],
): readonly FamilySnapshot[] {
  const names = new Set(ofServe.map(({ name }) => name));
  const shown = ofGuard.filter(({ name }) => name === COUNTED_BY_BOTH || !names.has(name));
  return addSnapshots([ofServe, shown]);
}
