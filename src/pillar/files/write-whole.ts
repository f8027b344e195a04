/** Writing a file so that whoever reads it finds all of the old text or all of the new one. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a new file beside the old one and renames it over it, so the directory has to be writable, and the file must not be a mount of
 * its own.
 *
 * @throws {Error} of the system; the old file is as it was then, and nothing is left beside it
 */
export function writeWhole(path: string, text: string): void {
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    writeFileSync(fresh, text, { mode: 0o644 });
    renameSync(fresh, path);
  } catch (error) {
    removeIfPossible(fresh);
    throw error;
  }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // On a read-only file system it was never made.
  }
}
