/**
 * The file descriptor that log lines go to, made safe against a reader that does not read. Once a write into a full pipe waits, the thread
 * that waits cannot be had back: it serves no files any more, and `process.exit` waits for it for ever. So the descriptor must answer
 * EAGAIN instead. Node cannot set O_NONBLOCK on a descriptor that it was given; what it can do is tried here, best first.
 */
import { constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

const NON_BLOCKING_WRITER =
  constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Gives the descriptor to write to: `fd` itself for a regular file, else the same pipe or terminal opened once more, non-blocking, which
 * changes nothing for other processes that share `fd`. Sockets (systemd's journal) and other users' pipes cannot be opened: these become
 * non-blocking for all who share them, as Node does for each program that uses `process.stdout`, and blocking again when it ends.
 *
 * @param fd 1 or 2
 */
export function openLogOutput(fd: 1 | 2): number {
  try {
    if (fstatSync(fd).isFile()) return fd;
    return openSync(`/proc/self/fd/${fd}`, NON_BLOCKING_WRITER);
  } catch {
    touchOwnStream(fd);
    return fd;
  }
}

/**
 * Whether a write to `fd` comes back in any case: a regular file, a non-blocking descriptor, or a terminal, where somebody sits who can
 * type Control-Q.
 */
export function writesComeBack(fd: number): boolean {
  try {
    if (fstatSync(fd).isFile() || isatty(fd)) return true;
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
  } catch {
    return false;
  }
}

/** Node makes these streams when they are first asked for, and libuv makes a pipe or socket non-blocking on the way. */
function touchOwnStream(fd: 1 | 2): void {
  const stream = fd === 1 ? process.stdout : process.stderr;
  // Nothing is written through it, but a stream without a listener turns an error into the end of the process.
  stream.on('error', () => undefined);
}
