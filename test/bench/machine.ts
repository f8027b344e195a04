/** Where and with what figures were taken: without it, they say nothing. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { rowsOf } from './bench-tools.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
}

export const thisMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  kernel: `Linux ${release()}`,
  node: process.version,
});

/** How many processes wanted to run, on average over the last minute: on a quiet machine close to 0 before a run. */
export const busyness = (): number => loadavg()[0];

/** The version of the Debian package that a tool is from; undefined when it is not from one. */
export function packageVersion(tool: string): string | undefined {
  const [row] = rowsOf(tool);
  if (row === undefined) return undefined;
  try {
    const query = ['-W', '-f', '${Version}', row.package];
    return execFileSync('dpkg-query', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}
