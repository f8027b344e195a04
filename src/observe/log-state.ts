/** What a log and its children share, whatever the format. */
import type { Log } from './log-types.ts';
import type { LogRing } from './ring.ts';

export interface LogState {
  readonly ring: LogRing;
  /** Whether debug lines come out. */
  debug: boolean;
  /** Which of several processes this is, where that is said at all. */
  readonly worker?: number | undefined;
}

export interface RootLog extends Log {
  /** Turns debug lines on or off, here and in all children. */
  setDebug(on: boolean): void;
}

/** The message that tells of lost lines. */
export function lossMessage(lines: number): string {
  return `${lines} log ${lines === 1 ? 'line' : 'lines'} dropped`;
}

/** The prefix of a child of a child: `plugin/forward: tls`. */
export function joinPrefix(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}: ${inner}`;
}
