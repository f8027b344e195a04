/**
 * Compares what stands in table raw with what should, by the comments of our rules: the tools print a rule otherwise than it was put, and each
 * version in its own way. Rules of others before our jumps are theirs to want; a jump that is gone is damage.
 */
import type { RulesState } from '../rules.ts';
import { ENTRIES, IN } from './chain-names.ts';
import type { FamilyRules } from './chains.ts';
import { hasOurs, ourChains, ourJumps } from './former-rules.ts';
import type { SavedRule, SavedTable } from './saved-table.ts';

export type Standing = RulesState['standing'];

const COMMENT = /--comment "(nodelocaldns [^"]+)"/;

export function standingOf(saved: SavedTable, wanted: FamilyRules): Standing {
  if (!hasOurs(saved)) return 'absent';
  const found = [...saved.rules.filter(({ chain }) => wanted.chains.includes(chain)), ...ourJumps(saved)];
  const same =
    described(found.map(withComment)) === described([...wanted.rules, ...wanted.jumps]) &&
    ourChains(saved).toSorted().join() === wanted.chains.toSorted().join();
  return same ? 'complete' : 'damaged';
}

/** Of the form without lists: the addresses whose packets are sent to the chain that intercepts. */
export function interceptedBy(saved: SavedTable): string[] {
  return saved.rules
    .filter(({ chain, spec }) => chain === ENTRIES.PREROUTING && spec.endsWith(`-j ${IN}`))
    .flatMap(({ spec }) => /^-d (\S+)\//.exec(spec)?.[1] ?? []);
}

interface Commented {
  readonly chain: string;
  readonly comment: string;
}

const withComment = ({ chain, spec }: SavedRule): Commented => ({
  chain,
  comment: COMMENT.exec(spec)?.[1] ?? 'not ours',
});

/** Chain by chain, within each in their order. */
function described(rules: readonly Commented[]): string {
  const byChain = Object.groupBy(rules, ({ chain }) => chain);
  return Object.entries(byChain)
    .map(([chain, ofChain = []]) => [chain, ...ofChain.map(({ comment }) => comment)].join('\n'))
    .toSorted()
    .join('\n\n');
}
