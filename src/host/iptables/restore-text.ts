/** What `iptables-restore --noflush` is told, so that one call takes away what stood and puts what shall stand. Pure. */
import type { InterceptionPlan } from '../rules.ts';
import type { FamilyRules, Rule } from './chains.ts';
import { nodeCacheRules, ourChains, ourJumps } from './former-rules.ts';
import { deletion } from './saved-table.ts';
import type { SavedRule, SavedTable } from './saved-table.ts';

/** All rules of a family in place of whatever of ours and of node-cache stands in table raw. */
export function replacement(saved: SavedTable, wanted: FamilyRules, plan: InterceptionPlan): string {
  const stale = ourChains(saved).filter((chain) => !wanted.chains.includes(chain));
  return inTable('raw', [
    ...[...wanted.chains, ...stale].map(emptied),
    ...deletions(saved, nodeCacheRules('raw', saved, plan)),
    ...wanted.rules.map(append),
    ...wanted.jumps.map(({ chain, spec }) => `-I ${chain} 1 ${spec}`),
    ...stale.map((chain) => `-X ${chain}`),
  ]);
}

/** Takes all of ours out of table raw, and these. Empty when there is nothing to do. */
export function removal(saved: SavedTable, others: readonly SavedRule[]): string {
  const chains = ourChains(saved);
  const lines = [
    ...chains.map(emptied),
    ...deletions(saved, others),
    ...chains.map((chain) => `-X ${chain}`),
  ];
  return lines.length === 0 ? '' : inTable('raw', lines);
}

export const inTable = (table: string, lines: readonly string[]): string =>
  [`*${table}`, ...lines, 'COMMIT', ''].join('\n');

const append = ({ chain, spec }: Rule): string => `-A ${chain} ${spec}`;

/** With `--noflush` this makes a chain, or empties the one that stands. */
const emptied = (chain: string): string => `:${chain} - [0:0]`;

const deletions = (saved: SavedTable, others: readonly SavedRule[]): string[] =>
  [...ourJumps(saved), ...others].map(deletion);
