/** What `serve` is told by its flags, and what a process that serves has before it has a configuration. */
import { setBuildInfo } from '../observe/build-info.ts';
import { countDroppedLines } from '../observe/log-metrics.ts';
import { openLogOutput } from '../observe/log-output.ts';
import { createLog } from '../observe/log.ts';
import type { LogFormat, RootLog } from '../observe/log.ts';
import { MetricRegistry } from '../observe/metrics.ts';
import { LogRing } from '../observe/ring.ts';
import type { UdpMode } from '../listen/udp.ts';
import { endProcess } from './end-process.ts';
import type { TemplateFlags } from './template-flags.ts';

export interface ServeFlags {
  /** With a template: the file to write what is made of it to. */
  readonly conf: string | undefined;
  readonly template: TemplateFlags | undefined;
  readonly dnsPort: number;
  /** Where server blocks without `bind` listen; none for all addresses of the host. In canonical text form. */
  readonly localAddresses: readonly string[];
  readonly logFormat: LogFormat;
  readonly udp: UdpMode;
  /** What all caches of all processes together may take. */
  readonly cacheOctets: number;
  readonly debug: boolean;
  readonly quiet: boolean;
  readonly pidfile: string | undefined;
  readonly graceMs: number;
  readonly version: string;
}

/** Exit codes: what was asked for could not be done; somebody did not want to wait. */
export const EXIT_FAILED = 1;
export const EXIT_FORCED = 2;

const STDOUT = 1;
/** Last log lines may take this long to leave; then they are given up rather than the exit. */
const LAST_LINES_MS = 500;

/** The log and the metrics of a process. */
export interface Voice {
  readonly ring: LogRing;
  readonly log: RootLog;
  readonly metrics: MetricRegistry;
}

/** What the log is made by. */
export type VoiceFlags = Pick<ServeFlags, 'logFormat' | 'debug' | 'version'>;

/** @param worker its number, for a process that lines of the log are to tell from the first one */
export function makeVoice(flags: VoiceFlags, worker: number | undefined): Voice {
  const ring = new LogRing(openLogOutput(STDOUT));
  const log = createLog({
    format: flags.logFormat,
    ring,
    debug: flags.debug,
    ...(worker !== undefined && { worker }),
  });
  const metrics = new MetricRegistry();
  countDroppedLines(metrics, ring);
  setBuildInfo(metrics, flags.version, '');
  return { ring, log, metrics };
}

/** Ends the process with its last log lines. */
export function leave(ring: LogRing, code: number): never {
  ring.flushSync(LAST_LINES_MS);
  endProcess(code);
}
