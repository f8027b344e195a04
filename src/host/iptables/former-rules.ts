/**
 * Recognises rules that do not belong on the host any more: node-cache's, which exempt without asking whether anybody answers, and ours. It reads
 * saved tables and gives the rules to delete; what is done about them is others' to say.
 */
import type { InterceptionPlan } from '../rules.ts';
import { CHAIN_PREFIX } from './chain-names.ts';
import type { SavedRule, SavedTable } from './saved-table.ts';

/** node-cache comments its rules since 1.22.19. The ACCEPT rules that we put carry the same: they are the same rules. */
export const SKIP_COMMENT = 'NodeLocal DNS Cache: skip conntrack';
export const ACCEPT_COMMENT = 'NodeLocal DNS Cache: allow DNS traffic';

const COMMENTED = new RegExp(`--comment "(?:${SKIP_COMMENT}|${ACCEPT_COMMENT})"`);

/** Older ones, and nothing but these: one address, one port, one protocol, no other condition. */
const OLDER =
  /^-(?<end>[sd]) (?<address>[0-9a-f.:]+)\/(?:32|128) -p (?<protocol>udp|tcp) -m \k<protocol> --(?<portEnd>[sd])port (?<port>\d+) -j (?<target>NOTRACK|CT --notrack|ACCEPT)$/;

/** In which built-in chains node-cache has rules by source and by destination. */
const OLDER_CHAINS: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING d', 'OUTPUT d', 'OUTPUT s'],
  filter: ['INPUT d', 'OUTPUT s'],
};

/** Both protocols in each place of table raw. */
const KINDS_OF_QUERIES = 6;
const HEALTH_KINDS: ReadonlySet<string> = new Set(['raw OUTPUT d tcp', 'raw OUTPUT s tcp']);

export type RuleTable = 'raw' | 'filter';

export const isOurs = ({ chain, spec }: SavedRule): boolean =>
  chain.startsWith(CHAIN_PREFIX) ||
  spec.includes(`-j ${CHAIN_PREFIX}`) ||
  spec.includes(`-g ${CHAIN_PREFIX}`);

/** Our rules in chains of others: what leads to our chains. */
export const ourJumps = ({ rules }: SavedTable): SavedRule[] =>
  rules.filter((rule) => isOurs(rule) && !rule.chain.startsWith(CHAIN_PREFIX));

export const ourChains = ({ policies }: SavedTable): string[] =>
  [...policies.keys()].filter((chain) => chain.startsWith(CHAIN_PREFIX));

export const hasOurs = (saved: SavedTable): boolean =>
  ourChains(saved).length > 0 || ourJumps(saved).length > 0;

/** node-cache's rules for any address, by their comment, and the older ones for addresses and ports of the plan. */
export function nodeCacheRules(table: RuleTable, saved: SavedTable, plan: InterceptionPlan): SavedRule[] {
  const isOf = (older: Older): boolean =>
    plan.addresses.includes(older.address) && (older.port === plan.dnsPort || older.port === plan.healthPort);
  return saved.rules.filter((rule) => {
    const older = olderOf(table, rule);
    return isCommented(rule) || (older !== undefined && isOf(older));
  });
}

/**
 * The same for nobody's plan: older rules count for an address and port that have every rule that node-cache makes for queries in table raw,
 * since a single exemption may well be an administrator's; with them go the ones for that address's health port, whichever it was.
 */
export function nodeCacheRulesOfAny(table: RuleTable, saved: SavedTable, raw: SavedTable): SavedRule[] {
  const complete = completeOlderSets(raw);
  const isPartOf = ({ address, port, kind }: Older): boolean => {
    const ports = complete.get(address);
    return ports !== undefined && (ports.has(port) || HEALTH_KINDS.has(kind));
  };
  return saved.rules.filter((rule) => {
    const older = olderOf(table, rule);
    return isCommented(rule) || (older !== undefined && isPartOf(older));
  });
}

const isCommented = ({ spec }: SavedRule): boolean => COMMENTED.test(spec);

interface Older {
  readonly address: string;
  readonly port: number;
  /** Table, chain, direction and protocol. */
  readonly kind: string;
}

function olderOf(table: RuleTable, { chain, spec }: SavedRule): Older | undefined {
  const { end, address, protocol, portEnd, port, target } = OLDER.exec(spec)?.groups ?? {};
  if (address === undefined || end !== portEnd) return undefined;
  if ((target === 'ACCEPT') !== (table === 'filter')) return undefined;
  if (!OLDER_CHAINS[table]?.includes(`${chain} ${end}`)) return undefined;
  return { address, port: Number(port), kind: `${table} ${chain} ${end} ${protocol}` };
}

/** The ports of each address that are complete. */
function completeOlderSets(raw: SavedTable): Map<string, Set<number>> {
  const kinds = new Map<string, Set<string>>();
  const complete = new Map<string, Set<number>>();
  for (const rule of raw.rules) {
    const older = olderOf('raw', rule);
    if (older === undefined) continue;
    const { address, port, kind } = older;
    const found = (kinds.get(`${address} ${port}`) ?? new Set()).add(kind);
    kinds.set(`${address} ${port}`, found);
    if (found.size === KINDS_OF_QUERIES) {
      complete.set(address, (complete.get(address) ?? new Set()).add(port));
    }
  }
  return complete;
}
