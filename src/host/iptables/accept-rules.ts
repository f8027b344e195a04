/**
 * The ACCEPT rules for hosts whose own table filter can drop: an acceptance elsewhere undoes no drop there. They are node-cache's, argument for
 * argument, so that either program takes the other's for its own. They stand for as long as the guard lives or longer; alone they do no harm.
 */
import type { InterceptionPlan } from '../rules.ts';
import type { RunTool } from '../run-tool.ts';
import { addressesOf, asPrefix, familiesOf } from './family.ts';
import type { Family } from './family.ts';
import { canDrop } from './filter-policy.ts';
import { findIptables } from './find-iptables.ts';
import type { FoundIptables } from './find-iptables.ts';
import { ACCEPT_COMMENT, nodeCacheRules } from './former-rules.ts';
import type { Iptables } from './iptables-tool.ts';
import { lookAt, lookedAgain } from './look-at.ts';
import { openNamespaceFiles } from './namespace-files.ts';
import { inTable } from './restore-text.ts';
import { deletion } from './saved-table.ts';
import type { SavedRule, SavedTable } from './saved-table.ts';

export interface AcceptRules {
  /** Each once, before all other rules of their chains, in place of what node-cache left. */
  install(): Promise<void>;
  /** Nothing to take away is no error. */
  remove(): Promise<void>;
  inspect(): Promise<'absent' | 'complete' | 'damaged'>;
}

/**
 * Both flavours are asked, since a packet meets both.
 *
 * @returns undefined when nothing drops: no iptables, or tables filter that accept all
 * @throws HostError
 */
export async function openAcceptRules(
  plan: InterceptionPlan,
  run: RunTool,
): Promise<AcceptRules | undefined> {
  return acceptRulesWith(plan, await findIptables(run, await openNamespaceFiles(run)));
}

/** As `openAcceptRules`, where iptables has been found. */
export async function acceptRulesWith(
  plan: InterceptionPlan,
  found: FoundIptables | undefined,
): Promise<AcceptRules | undefined> {
  const places: Place[] = [];
  for (const iptables of found?.all ?? []) {
    for (const family of familiesOf(plan.addresses)) {
      const saved = await lookAt(iptables, family, 'filter');
      if (saved !== undefined && canDrop(saved, formerly(saved, plan))) places.push({ iptables, family });
    }
  }
  return places.length === 0 ? undefined : acceptRulesIn(places, plan);
}

/** A table filter that can drop. */
interface Place {
  readonly iptables: Iptables;
  readonly family: Family;
}

function acceptRulesIn(places: readonly Place[], plan: InterceptionPlan): AcceptRules {
  const replace = ({ iptables, family }: Place, wanted: readonly SavedRule[]): Promise<void> =>
    lookedAgain(async () => {
      const former = formerly(await iptables.save(family, 'filter'), plan);
      if (former.length + wanted.length === 0) return;
      const put = wanted.map(({ chain, spec }) => `-I ${chain} 1 ${spec}`);
      await iptables.restore(family, inTable('filter', [...former.map(deletion), ...put]));
    });
  return {
    install: async () => {
      for (const place of places) await replace(place, wantedIn(place.family, plan));
    },
    remove: async () => {
      for (const place of places) await replace(place, []);
    },
    inspect: async () => {
      let missing = 0;
      let present = 0;
      for (const { iptables, family } of places) {
        const saved = await iptables.save(family, 'filter');
        // Since it was opened somebody may have made it accept all.
        if (!canDrop(saved, formerly(saved, plan))) continue;
        for (const wanted of wantedIn(family, plan)) {
          if (saved.rules.some((rule) => rule.chain === wanted.chain && rule.spec === wanted.spec)) present++;
          else missing++;
        }
      }
      if (missing === 0) return 'complete';
      return present === 0 ? 'absent' : 'damaged';
    },
  };
}

/** For addresses of the plan, by whomever: an acceptance for another address may be another instance's. */
const formerly = (saved: SavedTable, plan: InterceptionPlan): SavedRule[] =>
  nodeCacheRules('filter', saved, plan).filter(({ spec }) =>
    plan.addresses.some((address) => ` ${spec} `.includes(` ${asPrefix(address)} `)),
  );

/** As `iptables-save` prints them. */
function wantedIn(family: Family, { addresses, dnsPort }: InterceptionPlan): SavedRule[] {
  const comment = `-m comment --comment "${ACCEPT_COMMENT}" -j ACCEPT`;
  return addressesOf(family, addresses).flatMap((address) =>
    ['udp', 'tcp'].flatMap((protocol) => [
      {
        chain: 'INPUT',
        spec: `-d ${asPrefix(address)} -p ${protocol} -m ${protocol} --dport ${dnsPort} ${comment}`,
      },
      {
        chain: 'OUTPUT',
        spec: `-s ${asPrefix(address)} -p ${protocol} -m ${protocol} --sport ${dnsPort} ${comment}`,
      },
    ]),
  );
}
