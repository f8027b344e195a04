/**
 * The programs that the benchmark needs or compares with, as rows of the kind that `support/debian.ts` installs. They are no tools of the
 * tests: nothing is left out of `npm test` where they are missing.
 */
import { THIS_DEBIAN, byHand, installTools, packagesOf, whyNotInstallable } from '../support/debian.ts';
import { findTool } from '../support/tools.ts';
import type { ToolRow } from '../support/tools.ts';

export interface BenchTool extends ToolRow {
  /** A systemd unit that has no sysv script beside it, for which `service` does not work; switched off all the same. */
  readonly unit?: string;
}

/** Without it nothing can be measured. */
export const LOAD_TOOL = 'dnsperf';

export const BENCH_TOOLS: readonly BenchTool[] = [
  { tool: LOAD_TOOL, package: 'dnsperf', purpose: 'ask as fast as a server answers' },
  { tool: 'unbound', package: 'unbound', service: 'unbound', purpose: 'compare with Unbound' },
  { tool: 'dnsdist', package: 'dnsdist', service: 'dnsdist', purpose: 'compare with dnsdist' },
  {
    tool: 'pdns_recursor',
    package: 'pdns-recursor',
    unit: 'pdns-recursor.service',
    purpose: 'compare with PowerDNS Recursor',
  },
  // Its instances are started by those who want one, not by the package.
  { tool: 'kresd', package: 'knot-resolver', purpose: 'compare with Knot Resolver' },
  { tool: 'dnsmasq', package: 'dnsmasq-base', purpose: 'compare with dnsmasq' },
  { tool: 'gcc', package: 'gcc', purpose: 'compile the echo and the flood in C' },
  // Debian's gcc only recommends the headers of the C library.
  { tool: 'gcc', package: 'libc6-dev', purpose: 'compile the echo in C' },
];

/** The rows of a tool; of a name that is none of ours, nothing. */
export const rowsOf = (tool: string): readonly BenchTool[] => BENCH_TOOLS.filter((row) => row.tool === tool);

/** How to have a tool that is missing. */
export const howToHave = (tool: string): string =>
  `no ${tool}; "npm run bench -- --install" brings it from the Debian package ${packagesOf(rowsOf(tool)).join(', ')}`;

/**
 * Installs those of the tools that are missing, no service of theirs started, now or at the next boot.
 *
 * @throws {Error} when they cannot be installed here, or apt fails
 */
export async function bringTools(wanted: readonly BenchTool[]): Promise<void> {
  const missing = wanted.filter((row) => findTool(row.tool) === undefined);
  if (missing.length === 0) return;
  const obstacle = whyNotInstallable(findTool('apt-get'), process.getuid?.());
  if (obstacle !== undefined) throw new Error(`${obstacle}; as root on Debian: ${byHand(missing)}`);
  await installTools(missing);
  // A unit is nothing where there is no systemd.
  if (findTool('systemctl') === undefined) return;
  for (const { unit } of missing) {
    if (unit === undefined) continue;
    const code = await THIS_DEBIAN.run(['systemctl', 'disable', unit]);
    if (code !== 0) throw new Error(`${unit} could not be switched off: exit code ${code}`);
  }
}
