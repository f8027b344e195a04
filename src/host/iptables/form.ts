/**
 * Which form the rules can take on this kernel: every match and target of theirs is tried in a chain that no packet passes, and what is missing
 * is left out for the next weaker form, with a sentence that says what is lost. Trying tells more than asking: the tools know matches that
 * the kernel does not.
 */
import { HostError } from '../host-error.ts';
import { CHAIN_PREFIX } from './chain-names.ts';
import type { Family } from './family.ts';
import type { Iptables } from './iptables-tool.ts';

/** What there is. */
export interface Form {
  /** Lists of addresses that packets renew. Without it there is no lease: rules are put and taken by the guard alone. */
  readonly recent: boolean;
  /** Looks into the payload, for the rcode. */
  readonly u32: boolean;
  /** Whether somebody listens. */
  readonly socket: boolean;
  /** Whether the destination is this host's. */
  readonly addrtype: boolean;
  /** The target that exempts from connection tracking. */
  readonly exempt: Exempt;
}

export type Exempt = 'CT --notrack' | 'NOTRACK';
type Match = 'recent' | 'u32' | 'socket' | 'addrtype';

const TRY_CHAIN = `${CHAIN_PREFIX}TRY`;
const EXEMPTS: readonly Exempt[] = ['CT --notrack', 'NOTRACK'];

const ATTEMPTS: Readonly<Record<Match, string>> = {
  recent: '-m recent --name nodelocaldns-try --rcheck --seconds 1 --rdest',
  u32: '-m u32 --u32 48&0x800F=0x8000,0x8003',
  socket: '-p udp -m socket',
  addrtype: '-m addrtype --dst-type LOCAL',
};

const LOSSES: Readonly<Record<Match, string>> = {
  recent:
    'without the match `recent` there is no lease: only the guard itself takes the rules away, so when it is killed or hangs they stay, whether the cache answers or not',
  u32: 'without the match `u32` any UDP answer renews the lease, SERVFAIL as well',
  socket: 'without the match `socket` pods lose the queries to a killed cache until the lease ends',
  addrtype:
    'without the match `addrtype` queries are lost until the lease ends when somebody deletes the interface',
};

export interface FoundForm {
  readonly form: Form;
  readonly weaknesses: readonly string[];
}

/** @throws HostError where not even the weakest form can be had */
export async function findForm(iptables: Iptables, families: readonly Family[]): Promise<FoundForm> {
  // Reading first: without the capability it says so, where a legacy restore speaks of a missing table.
  for (const family of families) await iptables.save(family, 'raw');
  const works = (...rules: readonly string[]): Promise<boolean> => worksEverywhere(iptables, families, rules);
  const full: Form = { recent: true, u32: true, socket: true, addrtype: true, exempt: 'CT --notrack' };
  if (await works(...Object.values(ATTEMPTS), `-j ${full.exempt}`)) return { form: full, weaknesses: [] };

  const exempt = await findExempt(works);
  const recent = await works(ATTEMPTS.recent);
  const found: Record<Match, boolean> = {
    recent,
    // The rcode is looked at for the lease alone.
    u32: !recent || (await works(ATTEMPTS.u32)),
    socket: await works(ATTEMPTS.socket),
    addrtype: await works(ATTEMPTS.addrtype),
  };
  const missing = (Object.keys(LOSSES) as Match[]).filter((match) => !found[match]);
  return { form: { ...found, exempt }, weaknesses: missing.map((match) => `iptables: ${LOSSES[match]}`) };
}

async function findExempt(works: (rule: string) => Promise<boolean>): Promise<Exempt> {
  for (const exempt of EXEMPTS) if (await works(`-j ${exempt}`)) return exempt;
  throw new HostError(
    'rules',
    'unsupported',
    'iptables cannot exempt packets from connection tracking here: neither target CT nor NOTRACK works',
  );
}

/** Puts the rules into a chain that nothing leads to and takes it away again, in one call. */
async function worksEverywhere(
  iptables: Iptables,
  families: readonly Family[],
  rules: readonly string[],
): Promise<boolean> {
  const added = rules.map((rule) => `-A ${TRY_CHAIN} ${rule}`);
  const put = ['*raw', `:${TRY_CHAIN} - [0:0]`, ...added, 'COMMIT'];
  const take = ['*raw', `-F ${TRY_CHAIN}`, `-X ${TRY_CHAIN}`, 'COMMIT', ''];
  for (const family of families) {
    try {
      await iptables.restore(family, [...put, ...take].join('\n'));
    } catch (error) {
      if (!(error instanceof HostError) || error.code !== 'failed') throw error;
      return false;
    }
  }
  return true;
}
