/** Takes our table out of nftables where the rules are elsewhere now: left by a guard that had them here, it would intercept beside them. */
import { HostError } from '../host-error.ts';
import type { HostErrorCode } from '../host-error.ts';
import type { RunTool } from '../run-tool.ts';
import { removeScript } from './nft-script.ts';
import { Nft } from './nft.ts';

/** Where nft or nftables is missing there is no table. */
const NO_TABLE: ReadonlySet<HostErrorCode> = new Set(['tool', 'unsupported']);

/** @throws HostError */
export async function removeNftTable(run: RunTool): Promise<void> {
  try {
    await new Nft(run).commit(removeScript());
  } catch (error) {
    if (!(error instanceof HostError) || !NO_TABLE.has(error.code)) throw error;
  }
}
