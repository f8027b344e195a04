/** What dnsperf prints, read: its statistics, and the latency of each answer where it was told to print those (`-v`). Pure. */

export interface DnsperfResult {
  readonly sent: number;
  /** Queries that were answered. */
  readonly completed: number;
  readonly lost: number;
  readonly seconds: number;
  readonly queriesPerSecond: number;
  readonly averageLatencyMs: number;
  readonly maxLatencyMs: number;
  /** By name, as `NOERROR`. */
  readonly rcodes: Readonly<Record<string, number>>;
}

const MS_PER_SECOND = 1_000;

/** @throws {Error} when a figure is missing: dnsperf failed, or prints differently */
export function parseStatistics(output: string): DnsperfResult {
  const number = (pattern: RegExp): number => {
    const [, digits] = pattern.exec(output) ?? [];
    if (digits === undefined)
      throw new Error(`no ${String(pattern)} in what dnsperf printed:\n${tail(output)}`);
    return Number(digits);
  };
  return {
    sent: number(/^\s*Queries sent:\s+(\d+)/m),
    completed: number(/^\s*Queries completed:\s+(\d+)/m),
    lost: number(/^\s*Queries lost:\s+(\d+)/m),
    seconds: number(/^\s*Run time \(s\):\s+([\d.]+)/m),
    queriesPerSecond: number(/^\s*Queries per second:\s+([\d.]+)/m),
    averageLatencyMs: number(/^\s*Average Latency \(s\):\s+([\d.]+)/m) * MS_PER_SECOND,
    maxLatencyMs: number(/^\s*Average Latency \(s\):.*\bmax ([\d.]+)/m) * MS_PER_SECOND,
    rcodes: parseRcodes(output),
  };
}

/** Latencies of the answers that were printed, in milliseconds, in order of arrival. */
export const parseLatencies = (output: string): number[] =>
  Array.from(
    output.matchAll(/^> [A-Z0-9]+ \S+ \S+ (\d+\.\d+)$/gm),
    ([, seconds]) => Number(seconds) * MS_PER_SECOND,
  );

function parseRcodes(output: string): Record<string, number> {
  const [, line = ''] = /^\s*Response codes:\s+(.+)$/m.exec(output) ?? [];
  const counts = Array.from(line.matchAll(/(\w+) (\d+) \(/g), ([, name, count]): [string, number] => [
    name,
    Number(count),
  ]);
  return Object.fromEntries(counts);
}

const tail = (output: string): string => output.trimEnd().split('\n').slice(-10).join('\n');
