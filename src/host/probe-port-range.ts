/**
 * Whether this host gives the guard's probe ports to its own processes: what such a process asks from one of them is never intercepted nor led to
 * cluster DNS, so it is lost while the cache does not answer. By default Linux gives ports from 32768 on, above ours. Looks; changes nothing.
 */
import { readFileSync } from 'node:fs';
import { FIRST_PROBE_PORT, PROBE_PORTS } from './rules.ts';

export interface PortFiles {
  /** Two numbers: the first and the last port that is given out. */
  readonly range: string;
  /** Ports and ranges that are not, separated by commas: `8080,32704-32767`. */
  readonly reserved: string;
}

export const PORT_FILES: PortFiles = {
  range: '/proc/sys/net/ipv4/ip_local_port_range',
  reserved: '/proc/sys/net/ipv4/ip_local_reserved_ports',
};

const LAST_PROBE_PORT = FIRST_PROBE_PORT + PROBE_PORTS - 1;

/** @returns a sentence, undefined where nobody is given these ports or nothing can be read */
export function probePortWeakness({ range, reserved }: PortFiles): string | undefined {
  const [first = NaN, last = NaN] = read(range).trim().split(/\s+/).map(Number);
  const isReserved = rangesIn(read(reserved));
  const given = Array.from({ length: PROBE_PORTS }, (_, index) => FIRST_PROBE_PORT + index).filter(
    (port) => port >= first && port <= last && !isReserved(port),
  );
  if (given.length === 0) return undefined;
  return (
    `this host gives ports ${FIRST_PROBE_PORT} to ${LAST_PROBE_PORT} to its processes (net.ipv4.ip_local_port_range is ${first} to ${last}), ` +
    "and the guard's probes are asked from them: what is asked from one of them is lost while the cache does not answer; " +
    `set net.ipv4.ip_local_reserved_ports=${FIRST_PROBE_PORT}-${LAST_PROBE_PORT}`
  );
}

function rangesIn(text: string): (port: number) => boolean {
  const ranges = text
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .map((range) => range.split('-').map(Number));
  return (port) => ranges.some(([first = NaN, last = first]) => port >= first && port <= last);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
