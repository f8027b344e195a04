/**
 * Takes everything of ours and of node-cache out of iptables, for any address, in both flavours and both families: for uninstalling, and for
 * a guard that has its rules in nftables now. A legacy table that the host does not have is not made by looking.
 */
import type { RunTool } from '../run-tool.ts';
import { FAMILIES } from './family.ts';
import type { Family } from './family.ts';
import { findIptables } from './find-iptables.ts';
import { nodeCacheRulesOfAny, ourChains, ourJumps } from './former-rules.ts';
import type { Iptables } from './iptables-tool.ts';
import { lookAt, lookedAgain } from './look-at.ts';
import { openNamespaceFiles } from './namespace-files.ts';
import { inTable, removal } from './restore-text.ts';
import { deletion, parseSavedTable } from './saved-table.ts';

/**
 * @returns what was done, a phrase each; empty when there was nothing to do, or no iptables
 * @throws HostError `permission` also when all is done but in a flavour that may not be looked at
 */
export async function cleanFormerRules(run: RunTool): Promise<string[]> {
  const found = await findIptables(run, await openNamespaceFiles(run));
  const done: string[] = [];
  for (const iptables of found?.all ?? []) {
    for (const family of FAMILIES) {
      await lookedAgain(async () => void done.push(...(await cleanFamily(iptables, family))));
    }
  }
  if (found?.denied !== undefined) throw found.denied;
  return done;
}

async function cleanFamily(iptables: Iptables, family: Family): Promise<string[]> {
  const raw = (await lookAt(iptables, family, 'raw')) ?? parseSavedTable('');
  const filter = (await lookAt(iptables, family, 'filter')) ?? parseSavedTable('');
  const skips = nodeCacheRulesOfAny('raw', raw, raw);
  const accepts = nodeCacheRulesOfAny('filter', filter, raw);
  const ours = ourChains(raw).length + ourJumps(raw).length;
  // What intercepts goes first.
  const text = removal(raw, skips) + (accepts.length === 0 ? '' : inTable('filter', accepts.map(deletion)));
  if (text === '') return [];
  await iptables.restore(family, text);
  const tool = iptables.nameFor(family);
  return [
    ...(ours > 0 ? [`removed our chains from table raw (${tool})`] : []),
    ...(skips.length > 0 ? [`removed ${counted(skips.length)} of node-cache from table raw (${tool})`] : []),
    ...(accepts.length > 0
      ? [`removed ${counted(accepts.length)} that accepted DNS from table filter (${tool})`]
      : []),
  ];
}

const counted = (rules: number): string => (rules === 1 ? '1 rule' : `${rules} rules`);
