/** Processor time of a process with all its threads and its children, those that have ended included, as Linux counts it (proc(5)). */
import { readFileSync, readdirSync } from 'node:fs';

/** What /proc counts time in is 10 ms on every machine, whatever the kernel's own tick. */
export const TICKS_PER_SECOND = 100;

/** Places in /proc/PID/stat behind the command, which may hold spaces and parentheses: the state is 0, the parent 1. */
const PARENT = 1;
const UTIME = 11;
const CSTIME = 14;

export interface ProcessStat {
  readonly parent: number;
  /** User and system time of its threads, and of children that it has waited for. */
  readonly ticks: number;
}

/** @param text of /proc/PID/stat */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const times = fields.slice(UTIME, CSTIME + 1).map(Number);
  return { parent: Number(fields[PARENT]), ticks: times.reduce((sum, time) => sum + time, 0) };
}

/** Seconds of processor time that this process and its descendants have used. 0 when it is gone. */
export function processorSeconds(pid: number): number {
  return sumOfTree(pid, readStats()) / TICKS_PER_SECOND;
}

/** The ticks of a process and of all below it. */
export function sumOfTree(pid: number, stats: ReadonlyMap<number, ProcessStat>): number {
  let sum = stats.get(pid)?.ticks ?? 0;
  for (const [child, { parent }] of stats) if (parent === pid) sum += sumOfTree(child, stats);
  return sum;
}

function readStats(): Map<number, ProcessStat> {
  const stats = new Map<number, ProcessStat>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      stats.set(Number(entry), parseStat(readFileSync(`/proc/${entry}/stat`, 'latin1')));
    } catch {
      // It ended between the two calls.
    }
  }
  return stats;
}
