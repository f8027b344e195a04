/** What the kernel says of a process's user and capabilities. */
import { readFileSync } from 'node:fs';

export interface ProcessStatus {
  readonly user: number;
  /** Effective, as names in the order of their numbers; those that nothing here is given are numbers. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
}

/** linux/capability.h */
const NAMES: Readonly<Record<number, string>> = {
  5: 'KILL',
  6: 'SETGID',
  7: 'SETUID',
  8: 'SETPCAP',
  10: 'NET_BIND_SERVICE',
  12: 'NET_ADMIN',
  13: 'NET_RAW',
};
const CAPABILITY_BITS = 64;

export function statusOf(pid: number): ProcessStatus {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const bits = BigInt(`0x${field('CapEff')}`);
  const numbers = Array.from({ length: CAPABILITY_BITS }, (_, bit) => bit).filter(
    (bit) => ((bits >> BigInt(bit)) & 1n) === 1n,
  );
  return {
    user: Number(field('Uid')),
    capabilities: numbers.map((bit) => NAMES[bit] ?? String(bit)),
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}
