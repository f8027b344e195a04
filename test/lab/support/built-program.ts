/**
 * What the lab starts: `dist/`, as users do, since figures of time hold for that; a process run from the sources has twice the memory for the
 * kernel to free before a killed one is gone. Built into the lab's own directory: nobody else's `dist/` is used, changed or waited for.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { REPOSITORY_ROOT } from '../../support/daemon.ts';

/** What the program finds beside its `dist/`. */
const BESIDE = ['node_modules', 'config', 'package.json'] as const;

/**
 * Builds the program, without judging its types. `NODELOCALDNS_LAB_ENTRY`, as a path from the repository's root, names another one to try.
 *
 * @param directory readable by everybody; gone with it
 * @returns what Node runs
 */
export function buildProgram(directory: string): string {
  const chosen = process.env['NODELOCALDNS_LAB_ENTRY'];
  if (chosen !== undefined) return resolve(REPOSITORY_ROOT, chosen);
  const place = join(directory, 'program');
  const entry = join(place, 'dist', 'main.js');
  if (existsSync(entry)) return entry;
  mkdirSync(place);
  for (const name of BESIDE) symlinkSync(join(REPOSITORY_ROOT, name), join(place, name));
  const tsc = join(REPOSITORY_ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'src/tsconfig.json', '--noCheck', '--outDir', join(place, 'dist')];
  execFileSync(process.execPath, args, { cwd: REPOSITORY_ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  return entry;
}
