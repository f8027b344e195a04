/** What the kernel says of a process (proc(5)). */
import { readFileSync } from 'node:fs';

/** A line of `/proc/PID/status` without its name; empty where there is none, or no such process any more. */
export function statusField(pid: number, field: string): string {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
  } catch {
    return '';
  }
}
