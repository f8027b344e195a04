/** Whether a host's table filter can drop a packet of ours: what makes ACCEPT rules necessary. */
import type { SavedRule, SavedTable } from './saved-table.ts';

const OUR_WAY = ['INPUT', 'OUTPUT'];
const DROPPING = /(?:^| )-j (?:DROP|REJECT|TARPIT|QUEUE|NFQUEUE)(?: |$)/;

/**
 * By policy, or by any rule in any chain but those given: whether a rule in a chain of somebody's is met by our packets would be guessing, and
 * a rule that accepts too much does less harm than one that is missing.
 */
export function canDrop({ policies, rules }: SavedTable, except: readonly SavedRule[]): boolean {
  if (OUR_WAY.some((chain) => (policies.get(chain) ?? 'ACCEPT') !== 'ACCEPT')) return true;
  return rules.some((rule) => !except.includes(rule) && DROPPING.test(rule.spec));
}
