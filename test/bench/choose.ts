/** Which servers a run measures, and why it leaves others out. Pure. */
import { howToHave } from './bench-tools.ts';
import type { BenchOptions } from './options.ts';
import { baseline } from './servers/ours.ts';
import type { Server } from './servers/server.ts';

export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/**
 * The servers that the options name, in the table's order; without names all but the variants of ours. Another build is wanted by its own option.
 *
 * @throws {Error} when a name of `--only` is no server's, or there is none
 */
export function wantedServers(
  table: readonly Server[],
  { only, baseline: entry }: Pick<BenchOptions, 'only' | 'baseline'>,
): readonly Server[] {
  const other = entry === undefined ? undefined : baseline(entry);
  const known = other === undefined ? table : [...table, other];
  const names = known.map(({ name }) => name);
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`--only: there is no ${unknown.join(', ')}; there are ${names.join(', ')}`);
  }
  if (only?.length === 0) throw new Error(`--only names no server; there are ${names.join(', ')}`);
  return known.filter(
    (server) => server === other || (only?.includes(server.name) ?? server.byNameOnly !== true),
  );
}

/**
 * Why a server cannot be measured here, or undefined when it can.
 *
 * @param isHere whether a program is on this machine
 */
export function whyLeftOut(
  { tool, overTcp }: Server,
  tcp: boolean,
  isHere: (tool: string) => boolean,
): string | undefined {
  if (tcp && !overTcp) return 'it knows no TCP';
  if (tool !== undefined && !isHere(tool)) return howToHave(tool);
  return undefined;
}
