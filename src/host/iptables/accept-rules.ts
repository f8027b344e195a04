/**
 * The ACCEPT rules for hosts whose own table filter can drop: an acceptance elsewhere undoes no drop there. They are node-cache's, argument for
 * argument, so that either program takes the other's for its own.
 *
 * A firewall may come and go while we live. Tables that drop are looked at each time; what they are asked for is a process each, so the others
 * are looked at only where something says that they may drop now, and from time to time. When a firewall goes, the rules stay until the next
 * change of ours: where nothing drops they do no harm, and one that is merely being loaded anew finds them there.
 */
import type { InterceptionPlan } from '../rules.ts';
import { HostError } from '../host-error.ts';
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
import type { NamespaceFiles } from './namespace-files.ts';
import { inTable } from './restore-text.ts';
import { deletion } from './saved-table.ts';
import type { SavedRule, SavedTable } from './saved-table.ts';
import { Undelivered } from './undelivered.ts';

/** Looks between two at all tables, as long as nothing says that packets are dropped: a minute by default, as node-cache has it. */
export const LOOKS_BETWEEN_SWEEPS = 6;

/**
 * Both flavours are asked, since a packet meets both.
 *
 * @returns undefined without iptables
 * @throws HostError
 */
export async function openAcceptRules(
  plan: InterceptionPlan,
  run: RunTool,
): Promise<AcceptRules | undefined> {
  const files = await openNamespaceFiles(run);
  return acceptRulesWith(plan, await findIptables(run, files), files);
}

/** As `openAcceptRules`, where iptables has been found. */
export async function acceptRulesWith(
  plan: InterceptionPlan,
  found: FoundIptables | undefined,
  files: NamespaceFiles,
): Promise<AcceptRules | undefined> {
  if (found === undefined) return undefined;
  const rules = new AcceptRules(plan, found.all, new Undelivered(files));
  await rules.open();
  return rules;
}

/** A table filter. */
interface Place {
  readonly iptables: Iptables;
  readonly family: Family;
}

export class AcceptRules {
  readonly #plan: InterceptionPlan;
  readonly #undelivered: Undelivered;
  /** Where something drops, or rules for this plan stand: looked at each time. */
  #watched: Place[] = [];
  /** All other places, and which of them were there. */
  #others: Place[];
  #present = new Set<Place>();
  /** Since the last sweep that came of itself. */
  #looks = 0;
  /** Packets that go nowhere are a reason for one more in between: they may be lost to something else, and always. */
  #mayHurry = true;

  constructor(plan: InterceptionPlan, all: readonly Iptables[], undelivered: Undelivered) {
    this.#plan = plan;
    this.#undelivered = undelivered;
    this.#others = all.flatMap((iptables) =>
      familiesOf(plan.addresses).map((family) => ({ iptables, family })),
    );
  }

  /** Once, before all else. @throws HostError */
  async open(): Promise<void> {
    await this.#undelivered.grew();
    const standing = await this.#standing();
    this.#present = new Set(standing);
    for (const place of standing) await this.#lookAt(place);
  }

  /** Each once, before all other rules of their chains, in place of what node-cache left; none where nothing drops. @throws HostError */
  async install(): Promise<void> {
    await this.#trySweep(await this.#standing());
    for (const place of this.#watched) {
      let drops = false;
      await this.#replace(place, (saved) => {
        drops = this.#drops(saved);
        return drops ? wantedIn(place.family, this.#plan) : [];
      });
      if (!drops) this.#unwatch(place);
    }
  }

  /** Nothing to take away is no error. @throws HostError */
  async remove(): Promise<void> {
    for (const place of this.#watched) await this.#replace(place, () => []);
  }

  /** @throws HostError */
  async inspect(): Promise<'absent' | 'complete' | 'damaged'> {
    await this.#lookForNew();
    let missing = 0;
    let present = 0;
    for (const { iptables, family } of this.#watched) {
      const saved = await lookAt(iptables, family, 'filter');
      if (saved === undefined || !this.#drops(saved)) continue;
      for (const wanted of wantedIn(family, this.#plan)) {
        if (saved.rules.some((rule) => rule.chain === wanted.chain && rule.spec === wanted.spec)) present++;
        else missing++;
      }
    }
    if (missing === 0) return 'complete';
    return present === 0 ? 'absent' : 'damaged';
  }

  /** At a table that was made since, always; at all, when it is time. */
  async #lookForNew(): Promise<void> {
    const standing = await this.#standing();
    const isLost = await this.#undelivered.grew();
    const isDue = ++this.#looks >= LOOKS_BETWEEN_SWEEPS;
    const isHurry = isLost && this.#mayHurry;
    await this.#trySweep(standing.filter((place) => isDue || isHurry || !this.#present.has(place)));
    this.#present = new Set(standing);
    if (isDue) this.#looks = 0;
    this.#mayHurry = isDue || (this.#mayHurry && !isHurry);
  }

  /** Of the others those that are there; those of the flavour nft all seem to be. */
  async #standing(): Promise<Place[]> {
    const standing: Place[] = [];
    for (const place of this.#others) {
      if (await place.iptables.hasTable(place.family, 'filter')) standing.push(place);
    }
    return standing;
  }

  /** What cannot be looked at is tried again; it is no reason to call rules damaged that are whole. */
  async #trySweep(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      try {
        await this.#lookAt(place);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
      }
    }
  }

  /** At one of the others. @throws HostError */
  async #lookAt(place: Place): Promise<void> {
    const saved = await lookAt(place.iptables, place.family, 'filter');
    if (saved === undefined || !(this.#drops(saved) || formerly(saved, this.#plan).length > 0)) return;
    this.#watched.push(place);
    this.#others = this.#others.filter((other) => other !== place);
  }

  #unwatch(place: Place): void {
    this.#watched = this.#watched.filter((other) => other !== place);
    this.#others.push(place);
    this.#present.add(place);
  }

  #drops(saved: SavedTable): boolean {
    return canDrop(saved, formerly(saved, this.#plan));
  }

  async #replace(
    { iptables, family }: Place,
    wantedOf: (saved: SavedTable) => readonly SavedRule[],
  ): Promise<void> {
    await lookedAgain(async () => {
      const saved = await lookAt(iptables, family, 'filter');
      if (saved === undefined) return;
      const former = formerly(saved, this.#plan);
      const wanted = wantedOf(saved);
      if (former.length + wanted.length === 0) return;
      const put = wanted.map(({ chain, spec }) => `-I ${chain} 1 ${spec}`);
      await iptables.restore(family, inTable('filter', [...former.map(deletion), ...put]));
    });
  }
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
