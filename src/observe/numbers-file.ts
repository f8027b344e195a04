/** Numbers that one process leaves in a file for another one's page; what is in it is `parse-numbers.ts`'s. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { FamilySnapshot } from './metrics.ts';
import { parseNumbers } from './parse-numbers.ts';

/** The guard's own are some 10 KB. */
export const MOST_NUMBERS_OCTETS = 1024 * 1024;

/**
 * @param maxAgeMs since the file was last written; older numbers are those of a process that is gone
 * @returns nothing for a file that is missing, older, too large or not what it should be; never rejects
 */
export async function readNumbersFile(path: string, maxAgeMs: number): Promise<FamilySnapshot[]> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const found = await file.stat();
    const isFit =
      found.isFile() && found.size <= MOST_NUMBERS_OCTETS && Date.now() - found.mtimeMs <= maxAgeMs;
    return isFit ? parseNumbers(await file.readFile('utf8')) : [];
  } catch {
    return [];
  } finally {
    await file?.close().catch(() => undefined);
  }
}
