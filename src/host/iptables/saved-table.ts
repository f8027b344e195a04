/**
 * What `iptables-save` prints, as data: the policies, chains and rules of one table. A rule stays the text that the tool printed, since that is
 * also what takes it away again (`-D`); nothing here understands it.
 */

export interface SavedRule {
  readonly chain: string;
  /** All behind `-A CHAIN`, as printed. */
  readonly spec: string;
}

export interface SavedTable {
  /** By chain; `-` for chains that are not built in. */
  readonly policies: ReadonlyMap<string, string>;
  readonly rules: readonly SavedRule[];
}

const CHAIN = /^:(\S+) (\S+)/;
const RULE = /^-A (\S+) ?(.*)$/;

/** Lines that are neither a chain nor a rule (comments, warnings, COMMIT) are passed over. */
export function parseSavedTable(text: string): SavedTable {
  const policies = new Map<string, string>();
  const rules: SavedRule[] = [];
  for (const line of text.split('\n')) {
    const [, name, policy] = CHAIN.exec(line) ?? [];
    if (name !== undefined && policy !== undefined) policies.set(name, policy);
    const [, chain, spec] = RULE.exec(line) ?? [];
    if (chain !== undefined && spec !== undefined) rules.push({ chain, spec });
  }
  return { policies, rules };
}

export const deletion = ({ chain, spec }: SavedRule): string => `-D ${chain} ${spec}`;
