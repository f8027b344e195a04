/**
 * The children of a process, by looking at every process for its parent. `/proc/PID/task/TID/children` would be one look, but leaves some out while
 * others of them end (proc(5)).
 */
import { readFileSync, readdirSync } from 'node:fs';
import { HOLDER_NAME } from '../../src/cli/memory-holder.ts';

/** In the order of their process ids; empty for a process that is gone. */
export const childPids = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number)
    .toSorted((one, other) => one - other);

/** But for the one that holds the memory of a process that serves. */
export const childPrograms = (parent: number): number[] => childPids(parent).filter((pid) => !isHolder(pid));

/** The child that holds its memory. @throws {Error} when there is none */
export function holderPid(parent: number): number {
  const found = childPids(parent).find(isHolder);
  if (found === undefined) throw new Error(`process ${parent} has no child that holds its memory`);
  return found;
}

const isHolder = (pid: number): boolean => read(pid, 'comm').trim() === HOLDER_NAME;

/** The child that has this word on its command line. @throws {Error} when there is none */
export function childPidWith(parent: number, word: string): number {
  const found = childPids(parent).find((pid) => commandLine(pid).includes(word));
  if (found === undefined)
    throw new Error(`process ${parent} has no child with "${word}" on its command line`);
  return found;
}

const commandLine = (pid: number): string[] => read(pid, 'cmdline').split('\0');

/** Empty for a process that is gone. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
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
