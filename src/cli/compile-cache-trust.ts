/**
 * Whether compiled code may be taken from where Node keeps it. Node asks nobody: what lies there is run, and its usual place is below /tmp, where
 * any user of the host can make a directory of that name first. So it has to be ours or root's, and nobody else's to write to or to exchange.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf } from '../base/error-message.ts';

/** Where `module.enableCompileCache()` looks when it is told nothing. */
const USUAL_NAME = 'node-compile-cache';
export const NO_COMPILE_CACHE = 'NODE_DISABLE_COMPILE_CACHE';

const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
/** What is in such a directory only its owner can rename. */
const STICKY = 0o1000;
const OURS_ALONE = 0o755;

/** Makes the directory where there is none, but not what it is in. False also where it cannot be had. */
export function trustsCompileCache(environment: Readonly<NodeJS.ProcessEnv>): boolean {
  const directory = environment['NODE_COMPILE_CACHE'] || join(tmpdir(), USUAL_NAME);
  try {
    makeDirectory(directory);
    return isOurs(directory) && keepsWhatIsInIt(dirname(directory));
  } catch {
    return false;
  }
}

/** Not `recursive`: with it Node asks forever where the kernel says that there is no such place, as below /proc. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: OURS_ALONE });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function isOurs(directory: string): boolean {
  const found = lstatSync(directory);
  return found.isDirectory() && isTrusted(found.uid) && (found.mode & WRITABLE_BY_OTHERS) === 0;
}

function keepsWhatIsInIt(parent: string): boolean {
  const { uid, mode } = lstatSync(parent);
  return isTrusted(uid) && ((mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0);
}

const isTrusted = (user: number): boolean => user === ROOT || user === process.geteuid?.();
