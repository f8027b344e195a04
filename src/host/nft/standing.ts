/**
 * Reads what stands in our table: whether it is what `install` puts for this plan and form, and which addresses are in its sets. The rules are
 * recognised by their comments, which carry the fingerprint of the whole and a number each: one that is missing, added, moved or from
 * another plan shows. Whoever rewrites a rule and keeps its comment is not found out.
 */
import type { RulesState } from '../rules.ts';
import { CHAINS, PRIORITY, SET_KINDS, type Ruleset } from './nft-script.ts';
import type { NftObject } from './nft.ts';

/** @param listed of the table, undefined when it is not there */
export function stateOf(
  listed: readonly NftObject[] | undefined,
  ruleset: Ruleset,
  addresses: readonly string[],
): RulesState {
  if (listed === undefined) return { standing: 'absent', armed: [], live: [] };
  const [armed, live] = SET_KINDS.map((kind) => elementsOf(listed, kind));
  const inPlan = (found: readonly string[]): string[] =>
    addresses.filter((address) => found.includes(address));
  const strange = [...armed, ...live].some((address) => !addresses.includes(address));
  const complete = !strange && isWhole(listed, ruleset);
  return { standing: complete ? 'complete' : 'damaged', armed: inPlan(armed), live: inPlan(live) };
}

function isWhole(listed: readonly NftObject[], ruleset: Ruleset): boolean {
  const comments = valuesOf(listed, 'rule').map(({ comment }) => String(comment));
  const chains = valuesOf(listed, 'chain').map(describeChain);
  const sets = valuesOf(listed, 'set').map(({ name }) => String(name));
  return (
    isEqual(comments, ruleset.comments) &&
    isEqual(chains.toSorted(), CHAINS.map(expectedChain).toSorted()) &&
    isEqual(sets.toSorted(), ruleset.setNames.toSorted()) &&
    valuesOf(listed, 'table').every(({ flags }) => flags === undefined)
  );
}

/** A chain that somebody made another policy or hook of is not ours. */
const describeChain = ({ name, type, hook, prio, policy }: NftObject['value']): string =>
  [name, type, hook, prio, policy].join(' ');
const expectedChain = (name: string): string => [name, 'filter', name, PRIORITY, 'accept'].join(' ');

function elementsOf(listed: readonly NftObject[], kind: string): string[] {
  return valuesOf(listed, 'set')
    .filter(({ name }) => name === `${kind}4` || name === `${kind}6`)
    .flatMap(({ elem }) => (Array.isArray(elem) ? (elem as unknown[]).map(addressOf) : []));
}

/** `"10.96.0.10"`, or with a timeout `{ "elem": { "val": "10.96.0.10", "expires": 1 } }`. */
function addressOf(element: unknown): string {
  if (typeof element === 'string') return element;
  const { elem } = element as { elem?: { val?: unknown } };
  return String(elem?.val);
}

const valuesOf = (listed: readonly NftObject[], kind: string): NftObject['value'][] =>
  listed.filter((object) => object.kind === kind).map(({ value }) => value);

const isEqual = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index]);
