/**
 * Process 1 of a container gets the orphans of all others, and each of them stays as a zombie until it takes note of its end. Node does so for
 * children that it has started itself. What is left are processes that held the memory of a worker (`memory-holder.ts`) or of `serve`, workers of a
 * `serve` that was killed, and whatever somebody has started in the container by hand.
 */
import { readFileSync } from 'node:fs';

const PROCESS_ONE = 1;
const WNOHANG = 1;
/** Also those that say nothing at their end (clone(2)). */
const WALL = 0x4000_0000;
/** One that has ended is gone after two looks. */
const LOOK_MS = 5_000;

/** For good, where this process is number 1. Never throws. */
export function reapOrphans(): void {
  if (process.pid !== PROCESS_ONE) return;
  let before: ReadonlySet<number> = new Set();
  const look = async (): Promise<void> => {
    const found = zombies();
    // Node hears of its own children in each turn of its loop: who is still there at the next look has nobody else.
    const orphans = found.filter((pid) => before.has(pid));
    before = new Set(found);
    if (orphans.length > 0) await reap(orphans);
  };
  setInterval(() => void look(), LOOK_MS).unref();
}

async function reap(pids: readonly number[]): Promise<void> {
  try {
    // Some 2 MiB, which a process that has never had an orphan does without.
    const { default: ffi } = await import('koffi');
    const waitpid = ffi.load(null).func('int waitpid(int, void *, int)');
    for (const pid of pids) waitpid(pid, null, WNOHANG | WALL);
  } catch {
    // Without koffi nobody holds memory, and a few zombies are less than no cache.
  }
}

/** Children that have ended, and of which nobody has taken note; some may be missing while others end, and are found next time. */
function zombies(): number[] {
  try {
    const path = `/proc/self/task/${PROCESS_ONE}/children`;
    return readFileSync(path, 'latin1').trim().split(' ').map(Number).filter(isZombie);
  } catch {
    // No such file where the kernel was built without CONFIG_PROC_CHILDREN.
    return [];
  }
}

/**
 * By proc_pid_stat(5), fields 3 and 20, counted from behind the name, which may hold anything. A process of which another thread has not ended is
 * not over: its parent has not been told.
 */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' && fields[17] === '1';
  } catch {
    return false;
  }
}
