/** The processes that a daemon with `multisocket` started, as the kernel knows them. */
import { readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** Whether there is such a process, and it is no zombie. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** Resolves when none of them lives any more. */
export const allGone = (pids: readonly number[]): Promise<void> => eventually(() => !pids.some(lives));
