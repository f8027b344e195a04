/**
 * Tells that something may have changed in a few directories: soon, where the kernel tells of changes, and every 10 s in any case, as node-cache
 * looks. What has changed, and whether it matters, is for the listener to find out; nothing that happens here ends the watch.
 */
import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';

export const POLL_MS = 10_000;
/** A change comes as several events, and a file that is written in place is empty for a moment. */
const SETTLE_MS = 100;

export class DirectoryWatch {
  private readonly watched: WatchedDirectory[];
  private readonly look: () => void;
  private readonly pollMs: number;
  private poll: NodeJS.Timeout | undefined;
  private settling: NodeJS.Timeout | undefined;

  /** @param directories need not be there yet */
  constructor(directories: readonly string[], look: () => void, pollMs = POLL_MS) {
    this.watched = directories.map((path) => new WatchedDirectory(path, () => this.changed()));
    this.look = look;
    this.pollMs = pollMs;
  }

  /** Keeps no process alive; without directories there is nothing to look at. */
  start(): void {
    if (this.watched.length === 0) return;
    for (const directory of this.watched) directory.open();
    clearInterval(this.poll);
    this.poll = setInterval(() => {
      for (const directory of this.watched) directory.open();
      this.look();
    }, this.pollMs);
    this.poll.unref();
  }

  stop(): void {
    clearInterval(this.poll);
    clearTimeout(this.settling);
    for (const directory of this.watched) directory.close();
  }

  private changed(): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(this.look, SETTLE_MS);
    this.settling.unref();
  }
}

/** The kernel's watch belongs to a directory and not to its path, so it is renewed when another directory has taken that. */
class WatchedDirectory {
  private readonly path: string;
  private readonly changed: () => void;
  private watcher: FSWatcher | undefined;
  private identity = '';

  constructor(path: string, changed: () => void) {
    this.path = path;
    this.changed = changed;
  }

  /** Sees to it that the directory is watched, if it is there and the kernel has watches left. */
  open(): void {
    const identity = identityOf(this.path);
    if (this.watcher !== undefined && identity === this.identity) return;
    this.close();
    if (identity === undefined) return;
    try {
      this.watcher = watch(this.path, { persistent: false }, this.changed);
      this.watcher.on('error', () => this.close());
      this.identity = identity;
    } catch {
      // Polling finds what changes.
    }
  }

  close(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino, birthtimeMs } = statSync(path);
    // Numbers are given anew, and often at once.
    return `${dev} ${ino} ${birthtimeMs}`;
  } catch {
    return undefined;
  }
}
