/** The file that `-pidfile` names: for init systems, and for nobody here. */
import { rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../base/error-message.ts';

/** @throws Error that names the flag */
export function writePidFile(path: string | undefined): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    throw new Error(`--pidfile: ${messageOf(error)}`, { cause: error });
  }
}

/** Never throws: nothing that has to be done at an end may wait for this. */
export function removePidFile(path: string | undefined): void {
  if (path === undefined) return;
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays; whoever reads it looks whether the process lives.
  }
}
