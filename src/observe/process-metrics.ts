/**
 * The `process_*` metrics that dashboards and alerts for Go programs use, read from the kernel at each scrape. prom-client has collectors
 * of the same names, but they count processor time from the moment they are loaded, and we load it at the first scrape. Node's own gauges
 * are left out: promtool rejects three of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { NumberSnapshot } from './metrics.ts';

const BYTES_PER_KIB = 1024;

/** All families whose value can be had here; `/proc` may be missing or closed to us. */
export function processFamilies(): NumberSnapshot[] {
  const { user, system } = process.cpuUsage();
  return [
    family('counter', 'cpu_seconds_total', 'Processor time used, user and system.', (user + system) / 1e6),
    family('gauge', 'max_fds', 'File descriptors that may be open.', maxFileDescriptors()),
    family('gauge', 'open_fds', 'File descriptors that are open.', openFileDescriptors()),
    family('gauge', 'resident_memory_bytes', 'Memory that is resident.', process.memoryUsage.rss()),
    family('gauge', 'start_time_seconds', 'When the process started, Unix time.', startSeconds()),
    family('gauge', 'virtual_memory_bytes', 'Address space that is mapped.', virtualMemoryBytes()),
  ].filter((made) => made !== undefined);
}

function family(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: number | undefined,
): NumberSnapshot | undefined {
  if (value === undefined) return undefined;
  return { type, name: `process_${name}`, help, labelNames: [], samples: [{ labelValues: [], value }] };
}

/** Fixed when the process starts, so that a jump of the wall clock does not look like a restart. */
function startSeconds(): number {
  return Math.round(performance.timeOrigin / 10) / 100;
}

function openFileDescriptors(): number | undefined {
  // The directory itself is open while it is read.
  return orUndefined(() => readdirSync('/proc/self/fd').length - 1);
}

function maxFileDescriptors(): number | undefined {
  return findNumber('/proc/self/limits', /^Max open files +([0-9]+)/m);
}

function virtualMemoryBytes(): number | undefined {
  const kib = findNumber('/proc/self/status', /^VmSize:\s+([0-9]+) kB/m);
  return kib === undefined ? undefined : kib * BYTES_PER_KIB;
}

function findNumber(path: string, pattern: RegExp): number | undefined {
  const digits = orUndefined(() => pattern.exec(readFileSync(path, 'latin1'))?.[1]);
  return digits === undefined ? undefined : Number(digits);
}

function orUndefined<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
