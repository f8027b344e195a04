/**
 * A child of `run` does not outlive it: nobody would look after it, and the next `run` would find its ports taken. The kernel sees to it, told
 * by setpriv before this program begins; where there was no setpriv, by ourselves. Processes without such a parent are not touched.
 */
import { PARENT_VARIABLE, WATCH_PARENT_VARIABLE } from './child-environment.ts';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
/** Where the kernel cannot be told. */
const LOOK_MS = 200;

/** Ends this process at once when the parent is gone already: it may have died before anybody listened for that. */
export async function endWithParent(environment: NodeJS.ProcessEnv): Promise<void> {
  const parent = Number(environment[PARENT_VARIABLE]);
  if (!Number.isInteger(parent) || parent <= 0) return;
  if (environment[WATCH_PARENT_VARIABLE] === '1' && !(await tellKernel())) watch(parent);
  leaveWithout(parent);
}

async function tellKernel(): Promise<boolean> {
  try {
    const { default: ffi } = await import('koffi');
    const prctl: unknown = ffi.load(null).func('int prctl(int, unsigned long)');
    return typeof prctl === 'function' && prctl(PR_SET_PDEATHSIG, SIGKILL) === 0;
  } catch {
    return false;
  }
}

function watch(parent: number): void {
  setInterval(() => leaveWithout(parent), LOOK_MS).unref();
}

function leaveWithout(parent: number): void {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}
