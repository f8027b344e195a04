/** The processes that a daemon with `multisocket` started, as the kernel knows them. */
import { readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** The children of a process; none of one that is gone. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

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
