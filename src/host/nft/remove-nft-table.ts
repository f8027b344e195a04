/**
 * Takes our table out of nftables where our rules are not, or not any more, to be there: left by a guard that had them here, it would intercept
 * beside those that are elsewhere now.
 */
import { HostError } from '../host-error.ts';
import type { HostErrorCode } from '../host-error.ts';
import type { RunTool } from '../run-tool.ts';
import { FULL_NAME } from './nft-script.ts';
import { Nft } from './nft.ts';

/** Where nft or nftables is missing there is no table. */
const NO_TABLE: ReadonlySet<HostErrorCode> = new Set(['tool', 'unsupported']);

/** @returns what was done, in words; empty when there was no table. @throws HostError */
export async function removeNftTable(run: RunTool): Promise<string[]> {
  try {
    const wasThere = await new Nft(run).takeAway(`delete table ${FULL_NAME}\n`);
    return wasThere ? [`removed the nftables table ${FULL_NAME}`] : [];
  } catch (error) {
    if (error instanceof HostError && NO_TABLE.has(error.code)) return [];
    throw error;
  }
}
