/** Reads test files for the conformance table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadTest } from './check-rows.ts';

const TESTS = join(import.meta.dirname, '..');

/** The text of a file below `test`; undefined for one that cannot be read. */
export const readTest: ReadTest = (file) => {
  try {
    return readFileSync(join(TESTS, file), 'utf8');
  } catch {
    return undefined;
  }
};
