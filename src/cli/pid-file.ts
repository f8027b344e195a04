/** The file that `-pidfile` names: for init systems, and for nobody here. So a full disk, which may get room again, keeps nobody from serving. */
import { lstatSync, rmSync, writeFileSync } from 'node:fs';
import { codeOf, messageOf } from '../base/error-message.ts';
import type { Log } from '../observe/log-types.ts';

const RETRY_MS = 1_000;

/** What passes without anybody changing the flag: no room, no descriptors. */
const MAY_PASS: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** As `writePidFile`, but what may pass is said once, and tried again until it has. @throws Error that names the flag */
export function writePidFileInTime(path: string | undefined, log: Log): void {
  try {
    writePidFile(path);
  } catch (error) {
    if (!(error instanceof Error) || !MAY_PASS.has(codeOf(error.cause))) throw error;
    log.warn(`${error.message}; it is tried again`);
    tryAgain(path, log);
  }
}

/** @throws Error that names the flag, with the system's error as its cause; nothing half-written is left then */
export function writePidFile(path: string | undefined): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    // Made, and without room for what it should hold.
    if (MAY_PASS.has(codeOf(error))) removePidFile(path);
    throw new Error(`--pidfile: ${messageOf(error)}`, { cause: error });
  }
}

/** Never throws: nothing that has to be done at an end may wait for this. What is no plain file, such as a device, is left alone. */
export function removePidFile(path: string | undefined): void {
  if (path === undefined) return;
  try {
    if (lstatSync(path).isFile()) rmSync(path, { force: true });
  } catch {
    // It stays; whoever reads it looks whether the process lives.
  }
}

function tryAgain(path: string | undefined, log: Log): void {
  const timer = setInterval(() => {
    try {
      writePidFile(path);
    } catch {
      return;
    }
    clearInterval(timer);
    log.info(`--pidfile: ${path} is written`);
  }, RETRY_MS);
  timer.unref();
}
