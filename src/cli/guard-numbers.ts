/** The guard's numbers on serve's page, since today's manifests have one port scraped. */
import type { FamilySnapshot } from '../observe/metrics.ts';
import { readNumbersFile } from '../observe/numbers-file.ts';

/** Older ones are a dead guard's, and would look alive. */
const MOST_AGE_MS = 30_000;

/** @returns ours, and those of the guard that we have not: what both count, the log and the process, is shown of ours */
export async function withGuardNumbers(
  ours: readonly FamilySnapshot[],
  path: string,
): Promise<readonly FamilySnapshot[]> {
  const names = new Set(ours.map(({ name }) => name));
  const ofGuard = await readNumbersFile(path, MOST_AGE_MS);
  return [...ours, ...ofGuard.filter(({ name }) => !names.has(name))];
}
