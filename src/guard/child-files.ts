/**
 * Whether a file can be read by the user that `serve` is to be: it fails at once and in words, where `serve` itself would fail with less to
 * say. Looks at owners and modes only, so an access list may make it err; it is asked for what is about to be read anyway.
 */
import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const READ = 0o4;
const SEARCH = 0o1;

/**
 * @param path of a file that exists
 * @returns the file or directory that stands in the way, and undefined when nothing does
 * @throws Error when there is no such file
 */
export function obstacleFor(user: number, path: string): string | undefined {
  if (user === 0) return undefined;
  const file = realpathSync(path);
  const closed = parentsOf(file).find((directory) => !allows(user, directory, SEARCH));
  return closed ?? (allows(user, file, READ) ? undefined : file);
}

/** From the root downwards. */
function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
}

/** @param user also the id of its only group */
function allows(user: number, path: string, bit: number): boolean {
  const { mode, uid, gid } = statSync(path);
  const shift = uid === user ? 6 : gid === user ? 3 : 0;
  return ((mode >> shift) & bit) === bit;
}
