/** Makes the process's log in one of its formats. Both put finished lines into the ring and never wait. */
import { JsonLog } from './json-log.ts';
import type { RootLog } from './log-state.ts';
import type { LogRing } from './ring.ts';
import { TextLog } from './text-log.ts';

/** `text` is CoreDNS's; `json` has one object a line. */
export type LogFormat = 'text' | 'json';

export type { RootLog } from './log-state.ts';

export interface LogOptions {
  readonly format: LogFormat;
  readonly ring: LogRing;
  /** Whether debug lines come out. */
  readonly debug: boolean;
  /** The number that lines carry of a process that is one of several (`worker=2`); none unless given. */
  readonly worker?: number;
}

/** Also makes the ring tell of lost lines in the same format. */
export function createLog({ format, ring, debug, worker }: LogOptions): RootLog {
  const state = { ring, debug, worker };
  return format === 'json' ? JsonLog.root(state) : TextLog.root(state);
}
