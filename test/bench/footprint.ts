/** What a process holds in memory that is its own, as Linux counts it, and a few figures of it as text. Pure but for `anonymousMib`. */
import { readFileSync } from 'node:fs';
import { median } from './statistics.ts';

const KIB_PER_MIB = 1024;

/** MiB of RssAnon (proc(5)). @throws {Error} when the process is gone */
export const anonymousMib = (pid: number): number =>
  parseAnonymous(readFileSync(`/proc/${pid}/status`, 'latin1'));

/** @param status of /proc/PID/status. @throws {Error} when it has no such line, as of a process that has ended */
export function parseAnonymous(status: string): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error('no RssAnon: the process has ended');
  return Number(kib) / KIB_PER_MIB;
}

/** `312 ms (298–340)`: the median, the least and the most. */
export function formatSpread(numbers: readonly number[], unit: string, digits: number): string {
  const [middle, least, most] = [median(numbers), Math.min(...numbers), Math.max(...numbers)].map((number) =>
    number.toFixed(digits),
  );
  return `${middle} ${unit} (${least}–${most})`;
}
