/**
 * Table raw of the nft flavour, which iptables makes when it is first needed and never takes away: an empty one that stands because of us is
 * left by nobody else, and goes with our rules. Legacy tables cannot be taken away. Where there is no nft to do it with, it stays.
 */
import { HostError } from '../host-error.ts';
import { Nft } from '../nft/nft.ts';
import type { NftObject } from '../nft/nft.ts';
import type { RunTool } from '../run-tool.ts';
import type { Family } from './family.ts';
import { hasOurs } from './former-rules.ts';
import type { Iptables } from './iptables-tool.ts';

const NFT_FAMILIES: Readonly<Record<Family, string>> = { 4: 'ip', 6: 'ip6' };
const BUILT_IN: ReadonlySet<unknown> = new Set(['PREROUTING', 'OUTPUT']);

/** Asked before anything of ours is tried. @returns families whose table is not there yet, or there with rules of ours */
export async function familiesWithoutRaw(
  iptables: Iptables,
  families: readonly Family[],
  run: RunTool,
): Promise<Family[]> {
  const found: Family[] = [];
  if (iptables.flavour !== 'nft') return found;
  const nft = new Nft(run);
  for (const family of families) {
    const isOurs = async (): Promise<boolean> => hasOurs(await iptables.save(family, 'raw'));
    const stands = await unlessUnable(async () => (await listed(nft, family)) !== undefined, true);
    const counts = !stands || (await unlessUnable(isOurs, false));
    if (counts) found.push(family);
  }
  return found;
}

/** Changes nothing where something is in it, also where that has come this moment. Never rejects. */
export async function removeEmptyRaw(families: readonly Family[], run: RunTool): Promise<void> {
  const nft = new Nft(run);
  for (const family of families) {
    await unlessUnable(async () => {
      const objects = (await listed(nft, family)) ?? [];
      const chains = objects.filter(({ kind }) => kind === 'chain').map(({ value }) => value);
      if (objects.length === 0 || !isEmpty(objects)) return;
      const table = `${NFT_FAMILIES[family]} raw`;
      // A chain with a rule in it cannot be deleted, and then nothing is.
      const lines = chains.map(({ name }) => `delete chain ${table} ${String(name)}\n`);
      await nft.takeAway(`${lines.join('')}delete table ${table}\n`);
    }, undefined);
  }
}

const listed = (nft: Nft, family: Family): ReturnType<Nft['list']> =>
  nft.list('table', NFT_FAMILIES[family], 'raw');

/** Base chains alone, and they accept. */
const isEmpty = (objects: readonly NftObject[]): boolean =>
  objects.every(
    ({ kind, value }) =>
      kind === 'metainfo' ||
      kind === 'table' ||
      (kind === 'chain' && BUILT_IN.has(value['name']) && value['policy'] === 'accept'),
  );

async function unlessUnable<Value>(look: () => Promise<Value>, otherwise: Value): Promise<Value> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof HostError) return otherwise;
    throw error;
  }
}
