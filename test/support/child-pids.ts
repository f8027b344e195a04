/**
 * The children of a process, by looking at every process for its parent. `/proc/PID/task/TID/children` would be one look, but leaves some out while
 * others of them end (proc(5)).
 */
import { readFileSync, readdirSync } from 'node:fs';

/** In the order of their process ids; empty for a process that is gone. */
export const childPids = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number)
    .toSorted((one, other) => one - other);

/** The child that has this word on its command line. @throws {Error} when there is none */
export function childPidWith(parent: number, word: string): number {
  const found = childPids(parent).find((pid) => commandLine(pid).includes(word));
  if (found === undefined)
    throw new Error(`process ${parent} has no child with "${word}" on its command line`);
  return found;
}

/** Empty for a process that is gone. */
function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The second field behind the command's name, which stands in parentheses and may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
