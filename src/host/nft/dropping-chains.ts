/**
 * Finds firewalls written for nftables itself that drop what they do not know: what another table drops, no rule of ours can let pass, and so
 * its owner has to. iptables' tables are not meant: those get ACCEPT rules (`../iptables/accept-rules.ts`). Only looks.
 */
import { TABLE } from './nft-script.ts';
import type { Nft, NftObject } from './nft.ts';

/** Tables of iptables-nft. */
const IPTABLES_FAMILIES: ReadonlySet<unknown> = new Set(['ip', 'ip6']);
const IPTABLES_TABLES: ReadonlySet<unknown> = new Set(['filter', 'raw', 'nat', 'mangle', 'security']);
/** Where packets to and from processes of this host pass. */
const HOOKS: ReadonlySet<unknown> = new Set(['input', 'output']);
/** What ends a chain for every packet that has come so far. */
const ENDS: readonly string[] = ['drop', 'reject'];
/** What a last rule may have besides, and still be for every packet. */
const HARMLESS: readonly string[] = ['counter', 'log', 'limit'];

/** A sentence for each such chain. */
export async function droppingChains(nft: Nft): Promise<string[]> {
  const sentences: string[] = [];
  for (const family of await familiesToLookAt(nft)) {
    for (const { kind, value } of (await nft.list('chains', family)) ?? []) {
      if (kind !== 'chain' || !isOthersFilter(value)) continue;
      if (value['policy'] === 'drop' || (await endsInDrop(nft, value))) sentences.push(sentenceOf(value));
    }
  }
  return sentences;
}

/**
 * Not those in which kube-proxy keeps its services: the chains of 10,000 take nft 60 MB to list. Firewalls are mostly of the family inet, which
 * kube-proxy does not use.
 */
async function familiesToLookAt(nft: Nft): Promise<readonly string[]> {
  const tables = ((await nft.list('tables')) ?? []).filter(({ kind }) => kind === 'table');
  const kubeProxys = tables.filter(({ value }) => value['name'] === 'kube-proxy');
  const avoided = new Set(kubeProxys.map(({ value }) => value['family']));
  return ['inet', 'ip', 'ip6'].filter((family) => !avoided.has(family));
}

const isOthersFilter = ({ family, table, type, hook }: NftObject['value']): boolean =>
  type === 'filter' &&
  HOOKS.has(hook) &&
  table !== TABLE &&
  !(IPTABLES_FAMILIES.has(family) && IPTABLES_TABLES.has(table));

async function endsInDrop(nft: Nft, { family, table, name }: NftObject['value']): Promise<boolean> {
  const listed = (await nft.list('chain', String(family), String(table), String(name))) ?? [];
  const last = listed.findLast(({ kind }) => kind === 'rule')?.value['expr'];
  if (!Array.isArray(last)) return false;
  const words = (last as Record<string, unknown>[]).flatMap((expression) => Object.keys(expression));
  return (
    words.some((word) => ENDS.includes(word)) && words.every((word) => [...ENDS, ...HARMLESS].includes(word))
  );
}

const sentenceOf = ({ family, table, name, hook }: NftObject['value']): string =>
  `the chain ${String(name)} of the nftables table ${String(family)} ${String(table)} drops what it does not accept: its owner must accept ` +
  (hook === 'input'
    ? 'packets to the DNS port of our addresses there'
    : 'packets from the DNS port of our addresses there');
