/**
 * The `process_*` metrics that dashboards and alerts for Go programs use, read from the kernel at each scrape. prom-client has collectors
 * of the same names, but they count processor time from the moment they are loaded, and we load it at the first scrape. Node's own gauges
 * are left out: promtool rejects three of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { descriptorLimit } from './descriptors.ts';
import type { NumberSnapshot } from './metrics.ts';

const BYTES_PER_KIB = 1024;
const UNLIMITED = 2 ** 64;

/** All families whose value can be had here; `/proc` may be missing or closed to us. */
export function processFamilies(): NumberSnapshot[] {
  const { user, system } = process.cpuUsage();
  return [
    family('counter', 'cpu_seconds_total', 'Processor time used, user and system.', (user + system) / 1e6),
    family('gauge', 'max_fds', 'File descriptors that may be open.', descriptorLimit()),
    family('gauge', 'open_fds', 'File descriptors that are open.', openFileDescriptors()),
    family('gauge', 'resident_memory_bytes', 'Memory that is resident.', residentMemoryBytes()),
    family('gauge', 'start_time_seconds', 'When the process started, Unix time.', startSeconds()),
    family('gauge', 'virtual_memory_bytes', 'Address space that is mapped.', virtualMemoryBytes()),
    family('gauge', 'virtual_memory_max_bytes', 'Address space that may be mapped.', addressSpaceLimit()),
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

function residentMemoryBytes(): number | undefined {
  // Read from a file, and throws where no descriptor is left for that.
  return orUndefined(() => process.memoryUsage.rss());
}

function virtualMemoryBytes(): number | undefined {
  const kib = findNumber('/proc/self/status', /^VmSize:\s+([0-9]+) kB/m);
  return kib === undefined ? undefined : kib * BYTES_PER_KIB;
}

/** RLIMIT_AS; where there is none, the number that the Go client shows then. */
function addressSpaceLimit(): number | undefined {
  const limits = orUndefined(() => readFileSync('/proc/self/limits', 'latin1'));
  const found = /^Max address space +(\S+)/m.exec(limits ?? '')?.[1];
  if (found === 'unlimited') return UNLIMITED;
  return found === undefined ? undefined : Number(found);
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
