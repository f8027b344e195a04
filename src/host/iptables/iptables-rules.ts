/**
 * The rule backend made of iptables, for hosts without nftables: the same lease, from lists of the match `recent`, or the next weaker form. It
 * decides in what order things are done to the host; the rules' text is `chains.ts`, what stands is judged by `standing.ts`.
 */
import { HostError } from '../host-error.ts';
import type { InterceptionPlan, Rules, RulesState } from '../rules.ts';
import type { RunTool } from '../run-tool.ts';
import { Layout, leaseSeconds } from './chains.ts';
import { addressesOf, FAMILIES, familiesOf } from './family.ts';
import type { Family } from './family.ts';
import { canDrop } from './filter-policy.ts';
import { familiesWithoutRaw, removeEmptyRaw } from './empty-raw-table.ts';
import { findForm } from './form.ts';
import type { FoundForm } from './form.ts';
import { findIptables } from './find-iptables.ts';
import type { FoundIptables } from './find-iptables.ts';
import { hasOurs, nodeCacheRules } from './former-rules.ts';
import type { Iptables } from './iptables-tool.ts';
import { lookAt, lookedAgain } from './look-at.ts';
import { openNamespaceFiles } from './namespace-files.ts';
import { mostInOneFamily, RecentLists } from './recent-lists.ts';
import { inTable, removal, replacement } from './restore-text.ts';
import { deletion } from './saved-table.ts';
import { interceptedBy, standingOf } from './standing.ts';
import type { Standing } from './standing.ts';

/**
 * Tries what this host has; changes nothing that a packet could meet.
 *
 * @throws HostError with `tool` (no iptables), `permission`, `unsupported`, `lock`
 */
export async function openIptablesRules(plan: InterceptionPlan, run: RunTool): Promise<Rules> {
  const files = await openNamespaceFiles(run);
  const found = await findIptables(run, files);
  if (found === undefined) throw new HostError('rules', 'tool', 'iptables is not installed, or not in PATH');
  // The one that cannot be seen may be the one that this host uses.
  if (found.denied !== undefined) throw found.denied;
  const lists = new RecentLists(files, leaseSeconds(plan));
  const families = familiesOf(plan.addresses);
  const ownTables = await familiesWithoutRaw(found.chosen, families, run);
  const fit = await fitted(await findForm(found.chosen, families), plan, lists);
  return new IptablesRules(plan, found, fit, lists, () => removeEmptyRaw(ownTables, run));
}

/** What the plan asks of the form. */
async function fitted(found: FoundForm, plan: InterceptionPlan, lists: RecentLists): Promise<FoundForm> {
  if (!found.form.recent) return found;
  const capacity = await lists.capacity();
  if (mostInOneFamily(plan.addresses) > capacity) {
    const reason = `iptables: the match \`recent\` remembers ${capacity} addresses here, so there is no lease for more: only the guard itself takes the rules away`;
    return { form: { ...found.form, recent: false }, weaknesses: [...found.weaknesses, reason] };
  }
  const seconds = leaseSeconds(plan);
  if (seconds * 1000 === plan.leaseMs) return found;
  const rounded = `iptables knows whole seconds: the lease is ${seconds} s, not ${plan.leaseMs} ms`;
  return { form: found.form, weaknesses: [...found.weaknesses, rounded] };
}

interface FamilyState {
  readonly standing: Standing;
  readonly armed: readonly string[];
  readonly live: readonly string[];
}

class IptablesRules implements Rules {
  readonly backend = 'iptables';
  readonly weaknesses: readonly string[];
  readonly #plan: InterceptionPlan;
  readonly #iptables: Iptables;
  readonly #otherFlavours: readonly Iptables[];
  readonly #families: readonly Family[];
  readonly #layout: Layout;
  /** Undefined in the form without a lease. */
  readonly #lists: RecentLists | undefined;
  readonly #removeEmptied: () => Promise<void>;

  /** @param removeEmptied takes tables away that are there for our rules alone, when those are gone */
  constructor(
    plan: InterceptionPlan,
    found: FoundIptables,
    fit: FoundForm,
    lists: RecentLists,
    removeEmptied: () => Promise<void>,
  ) {
    this.#plan = plan;
    this.#iptables = found.chosen;
    this.#otherFlavours = found.all.filter((iptables) => iptables !== found.chosen);
    this.#families = familiesOf(plan.addresses);
    this.#layout = new Layout(plan, fit.form);
    this.#lists = fit.form.recent ? lists : undefined;
    this.#removeEmptied = removeEmptied;
    this.weaknesses = fit.weaknesses;
  }

  async inspect(): Promise<RulesState> {
    const states: FamilyState[] = [];
    for (const family of this.#families) states.push(await this.#inspectFamily(family));
    const [first, ...others] = new Set(states.map(({ standing }) => standing));
    const among = (list: 'armed' | 'live'): string[] =>
      this.#plan.addresses.filter((address) => states.some((state) => state[list].includes(address)));
    return {
      standing: first === undefined || others.length > 0 ? 'damaged' : first,
      armed: among('armed'),
      live: among('live'),
    };
  }

  async install(armed: readonly string[]): Promise<void> {
    const changed: Family[] = [];
    try {
      await this.#keepOnly(armed);
      for (const family of this.#families) {
        await this.#replace(family, armed);
        changed.push(family);
      }
      await this.#put(armed);
      await this.#cleanElsewhere();
    } catch (error) {
      // One family without the other is neither what was asked for nor what stood.
      for (const family of changed) await this.#removeFrom(this.#iptables, family).catch(() => undefined);
      throw error;
    }
  }

  async arm(addresses: readonly string[]): Promise<void> {
    if (this.#lists !== undefined) return this.#put(addresses);
    const { standing, armed } = await this.inspect();
    if (standing !== 'complete') throw rulesAreGone();
    await this.#switch([...new Set([...armed, ...addresses])], addresses);
  }

  async disarm(addresses: readonly string[]): Promise<void> {
    if (this.#lists !== undefined) {
      // A list that is gone intercepts nothing.
      await this.#lists.take(addresses);
      return;
    }
    const { standing, armed } = await this.inspect();
    const left = armed.filter((address) => !addresses.includes(address));
    if (standing !== 'absent') await this.#switch(left, addresses);
  }

  async remove(): Promise<void> {
    for (const iptables of [this.#iptables, ...this.#otherFlavours]) {
      for (const family of FAMILIES) await this.#removeFrom(iptables, family);
    }
    await this.#removeEmptied();
  }

  async #inspectFamily(family: Family): Promise<FamilyState> {
    const saved = await this.#iptables.save(family, 'raw');
    const own = addressesOf(family, this.#plan.addresses);
    if (this.#lists === undefined) {
      const armed = interceptedBy(saved).filter((address) => own.includes(address));
      return { standing: standingOf(saved, this.#layout.rulesOf(family, armed)), armed, live: armed };
    }
    const standing = standingOf(saved, this.#layout.rulesOf(family, own));
    if (standing === 'absent') return { standing, armed: [], live: [] };
    return { standing, armed: await this.#lists.armed(family), live: await this.#lists.live(family) };
  }

  /** One call that takes former rules away and puts ours. */
  async #replace(family: Family, armed: readonly string[]): Promise<void> {
    await lookedAgain(async () => {
      const saved = await this.#iptables.save(family, 'raw');
      const raw = replacement(saved, this.#layout.rulesOf(family, armed), this.#plan);
      await this.#iptables.restore(family, raw + (await this.#uselessAccepts(family)));
    });
  }

  /** node-cache's ACCEPT rules go where nothing drops; where something does they are `accept-rules.ts`'s to replace. */
  async #uselessAccepts(family: Family): Promise<string> {
    const saved = await lookAt(this.#iptables, family, 'filter');
    if (saved === undefined) return '';
    const accepts = nodeCacheRules('filter', saved, this.#plan);
    return accepts.length === 0 || canDrop(saved, accepts) ? '' : inTable('filter', accepts.map(deletion));
  }

  /** Of the form without a lease. */
  async #switch(armed: readonly string[], changed: readonly string[]): Promise<void> {
    for (const family of familiesOf(changed)) await this.#replace(family, armed);
  }

  /**
   * Lists outlive a replacement of the rules; what shall not be armed leaves them before. When the replacement fails then, these stay disarmed:
   * the safe side.
   */
  async #keepOnly(armed: readonly string[]): Promise<void> {
    if (this.#lists === undefined) return;
    for (const family of this.#families) {
      const standing = [...(await this.#lists.armed(family)), ...(await this.#lists.live(family))];
      await this.#lists.take([...new Set(standing)].filter((address) => !armed.includes(address)));
    }
  }

  async #put(addresses: readonly string[]): Promise<void> {
    if (this.#lists === undefined || (await this.#lists.put(addresses))) return;
    await this.#lists.take(addresses);
    throw rulesAreGone();
  }

  /** A host that changed its flavour, or a plan that changed its families, has rules where this plan does not put any. */
  async #cleanElsewhere(): Promise<void> {
    const unplanned = FAMILIES.filter((family) => !this.#families.includes(family));
    for (const family of unplanned) await this.#removeFrom(this.#iptables, family);
    for (const iptables of this.#otherFlavours) {
      for (const family of FAMILIES) await this.#removeFrom(iptables, family, this.#plan);
    }
  }

  /** All of ours; with a plan also node-cache's. */
  async #removeFrom(iptables: Iptables, family: Family, plan?: InterceptionPlan): Promise<void> {
    await lookedAgain(async () => {
      const saved = await lookAt(iptables, family, 'raw');
      if (saved === undefined) return;
      const others = plan === undefined ? [] : nodeCacheRules('raw', saved, plan);
      if (hasOurs(saved) || others.length > 0) await iptables.restore(family, removal(saved, others));
    });
  }
}

const rulesAreGone = (): HostError =>
  new HostError('rules', 'failed', 'the iptables rules to arm are not there: somebody has taken them away');
