/** dnsperf as the load: what it is told, and one run of it. What it prints is read in `dnsperf-output.ts`. */
import { LOAD_TOOL } from './bench-tools.ts';
import { parseLatencies, parseStatistics } from './dnsperf-output.ts';
import type { DnsperfResult } from './dnsperf-output.ts';
import type { Processes } from './processes.ts';

export interface Shot {
  readonly port: number;
  readonly queryFile: string;
  readonly tcp: boolean;
  /** Seconds at most. */
  readonly seconds: number;
  /** The file is asked once instead of again and again. */
  readonly once: boolean;
  readonly outstanding: number;
  /** One of this host's, to ask from. */
  readonly from?: string;
  /** Queries per second; as many as are answered, when left out. */
  readonly rate?: number;
}

export interface ShotResult extends DnsperfResult {
  /** Of every answer, in milliseconds; empty unless the rate was fixed. */
  readonly latenciesMs: readonly number[];
}

export const OUTSTANDING = 200;
/** What is not answered by then is lost. */
const TIMEOUT_SECONDS = 2;
/** Sockets, or connections. */
const CLIENTS = { udp: 4, tcp: 20 } as const;
/** For its start and end, on a busy machine. */
const PATIENCE_MS = 15_000;

/**
 * One thread sends, one receives. Each answer is printed only at a fixed rate: at full speed that would slow the load down.
 */
export function dnsperfCommand({
  port,
  queryFile,
  tcp,
  seconds,
  once,
  outstanding,
  rate,
  from,
}: Shot): readonly string[] {
  const transport = tcp ? 'tcp' : 'udp';
  const settings = {
    '-s': '127.0.0.1',
    '-p': port,
    '-m': transport,
    '-d': queryFile,
    '-l': seconds,
    '-t': TIMEOUT_SECONDS,
    '-q': outstanding,
    '-c': CLIENTS[transport],
    '-T': 1,
    ...(once && { '-n': 1 }),
    ...(from !== undefined && { '-a': from }),
    ...(rate !== undefined && { '-Q': rate }),
  };
  const command = [LOAD_TOOL, '-e', ...Object.entries(settings).flat().map(String)];
  return rate === undefined ? command : [...command, '-v'];
}

/** @throws {Error} when dnsperf fails or takes much longer than it was told to */
export async function shoot(shot: Shot, directory: string, processes: Processes): Promise<ShotResult> {
  const timeoutMs = (shot.seconds + TIMEOUT_SECONDS) * 1_000 + PATIENCE_MS;
  const output = await processes.run(
    { name: LOAD_TOOL, command: dnsperfCommand(shot), directory },
    timeoutMs,
  );
  return { ...parseStatistics(output), latenciesMs: parseLatencies(output) };
}
