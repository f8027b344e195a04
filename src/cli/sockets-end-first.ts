/**
 * A killed process loses its sockets before its memory. Otherwise it is the other way round: the kernel frees the memory first, some 0.1 ms for
 * each megabyte, and all that time the sockets take in queries that nobody will answer. The rules that bring packets here look for a socket;
 * as soon as there is none, the packets go to the cluster DNS.
 *
 * The memory is freed by the last that leaves it, descriptors are closed by the last that leaves their table. So the main thread gets a
 * table of its own, in which the sockets are, and another process holds the memory until that table is gone (`memory-holder.ts`). Threads that only
 * sleep do not do for that: they have to go as well, and where the main thread has just had more than its share of the processor they go
 * first (EEVDF, Linux 6.6), one kill in four in the lab.
 *
 * What follows for the rest of the program: a descriptor that was opened after this is known either to the main thread or to those that Node
 * reads files with (`node:fs` with promises or callbacks), never to both. What one opens, the other must not use.
 */
import { close, fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LIFE_LINE_VARIABLE } from '../guard/life-line.ts';
import { holdMemory } from './memory-holder.ts';

/** The same on all architectures that have it since Linux 5.9; not every C library knows it by name. */
const SYS_CLOSE_RANGE = 436;
const CLOSE_RANGE_UNSHARE = 2;
/** No process has so many; the call that makes a table of its own also wants to close something. */
const NO_DESCRIPTOR = 0x7f_ff_ff_ff;

/**
 * To be called after the output of the log was opened, and before the first socket. Where the machine cannot do it, everything is as it is
 * without: a kill costs the queries of some milliseconds.
 *
 * @returns whether sockets are closed first. They are not where nobody may hold the memory, though descriptors are the main thread's own then.
 */
export async function endSocketsFirst(): Promise<boolean> {
  const line = takeLifeLine(process.env);
  // Its socket would be in both tables, and the thread that closes it knows of one (see `signals.ts`).
  if (process.getBuiltinModule('node:inspector').url() !== undefined) return false;
  try {
    // Node's threads for files share the table that they are born into: it has to be the old one.
    await stat('/');
    if (!(await partDescriptors())) return false;
    if (line !== undefined) await closeForThreads(line);
    await holdMemory();
    return true;
  } catch {
    return false;
  }
}

/** From here on the main thread has a table of its own. @returns whether it can */
async function partDescriptors(): Promise<boolean> {
  const { default: ffi } = await import('koffi');
  const systemCall = ffi.load(null).func('long syscall(long, uint, uint, uint)');
  return systemCall(SYS_CLOSE_RANGE, NO_DESCRIPTOR, NO_DESCRIPTOR, CLOSE_RANGE_UNSHARE) === 0;
}

/**
 * The descriptor over which our parent hears that our sockets are closed. Our own children are not told of it.
 *
 * @returns undefined where there is none
 */
function takeLifeLine(environment: NodeJS.ProcessEnv): number | undefined {
  const text = environment[LIFE_LINE_VARIABLE];
  delete environment[LIFE_LINE_VARIABLE];
  const fd = Number(text ?? '');
  // A program in between may have closed it; then the number is something of ours.
  if (text === undefined || !isSocket(fd)) return undefined;
  return fd;
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

/** The main thread alone keeps it: what is opened before the tables part is in both, and this is closed in that of the threads. */
const closeForThreads = (fd: number): Promise<void> => new Promise((resolve) => close(fd, () => resolve()));
