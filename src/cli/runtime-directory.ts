/**
 * A directory in memory that is this process's own, for what it tells its child beside the command line. Nobody else can write to it or guess
 * its name before it is made, and everybody can read it: the child is another user.
 */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Ours below the first, if it can be made; else at random below the second, where everybody may write and nobody may take away. */
const OWN = '/run/nodelocaldns';
const SHARED = '/dev/shm';
const NAME = 'run-';

const TMPFS_MAGIC = 0x0102_1994;
const READABLE_BY_ALL = 0o755;
const WRITABLE_BY_OTHERS = 0o022;

/** Who uses a directory writes into it all the time; one in which nothing was written for so long is a killed process's. */
const LEFT_BEHIND_MS = 120_000;

/** @returns its path; undefined where there is no memory to be had */
export function makeRuntimeDirectory(): string | undefined {
  return makeOwn() ?? makeIn(SHARED);
}

/** Never throws. */
export function removeRuntimeDirectory(path: string): void {
  quietly(() => rmSync(path, { recursive: true, force: true }));
}

function makeOwn(): string | undefined {
  return quietly(() => {
    if (!isInMemory(dirname(OWN))) return undefined;
    mkdirSync(OWN, { recursive: true, mode: READABLE_BY_ALL });
    const { uid, mode } = lstatSync(OWN);
    if (uid !== process.geteuid?.() || (mode & WRITABLE_BY_OTHERS) !== 0) return undefined;
    for (const name of readdirSync(OWN)) removeIfLeftBehind(join(OWN, name));
    return makeIn(OWN);
  });
}

function makeIn(parent: string): string | undefined {
  return quietly(() => {
    if (!isInMemory(parent)) return undefined;
    const path = mkdtempSync(join(parent, parent === OWN ? NAME : `nodelocaldns-${NAME}`));
    chmodSync(path, READABLE_BY_ALL);
    return path;
  });
}

const isInMemory = (path: string): boolean => statfsSync(path).type === TMPFS_MAGIC;

function removeIfLeftBehind(path: string): void {
  quietly(() => {
    if (Date.now() - lstatSync(path).mtimeMs > LEFT_BEHIND_MS) removeRuntimeDirectory(path);
  });
}

function quietly<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
