/**
 * Where the child keeps its compiled code: Node's own place belongs to us, and the child is another user who could only read there. Without
 * one it starts all the same, some 100 ms later.
 */
import { chownSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * @param ownDirectory of this process (`module.getCompileCacheDir()`); undefined where it has none
 * @returns what the child's environment says of it; empty where nothing is to be said
 */
export function makeCompileCache(
  ownDirectory: string | undefined,
  user: number,
): Readonly<Record<string, string>> {
  const ownUser = process.geteuid?.();
  if (ownDirectory === undefined || ownUser === user) return {};
  try {
    const parent = dirname(ownDirectory);
    const { uid, mode } = lstatSync(parent);
    // Where others may write, a name could be a link to somewhere else by now.
    if (uid !== ownUser || (mode & WRITABLE_BY_OTHERS) !== 0) return {};
    const path = join(parent, `serve-${user}`);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, user, user);
    return { NODE_COMPILE_CACHE: path };
  } catch {
    return {};
  }
}
