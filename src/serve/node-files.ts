/** The file system as the Corefile parser asks for it: whole files, and globs with one `*` and one `?` in the last part of a path. */
import { globSync, readFileSync } from 'node:fs';
import type { FileAccess } from '../corefile/parse.ts';

export const NODE_FILES: FileAccess = {
  read: (path) => readFileSync(path, 'utf8'),
  glob: (pattern) => globSync(pattern).toSorted(),
};
