/**
 * Takes away from the host all that we, or node-cache before us, have put there: `guard --once-clean`. Rules go first and the interface last, so
 * that at no time packets are led to an address that is gone. A part that cannot be removed does not keep the others.
 */
import { messageOf } from '../base/error-message.ts';
import { removeLink } from './link-removal.ts';
import { removeNftTable } from './nft/remove-nft-table.ts';
import type { RunTool } from './run-tool.ts';

export interface CleanHost {
  readonly interfaceName: string;
  readonly run: RunTool;
  /** Removes the iptables rules of ours and of node-cache. @returns what it did, in words */
  readonly cleanFormerRules: (run: RunTool) => Promise<readonly string[]>;
}

export interface Cleaned {
  /** In words; empty when there was nothing. */
  readonly done: readonly string[];
  /** What may still be there, and why: a sentence each. */
  readonly failures: readonly string[];
}

/** Never rejects. */
export async function cleanHost({ interfaceName, run, cleanFormerRules }: CleanHost): Promise<Cleaned> {
  const done: string[] = [];
  const failures: string[] = [];
  const parts: readonly (() => Promise<readonly string[]>)[] = [
    () => removeNftTable(run),
    () => cleanFormerRules(run),
    () => removeLink(run, interfaceName, ['dummy', 'bridge']),
  ];
  for (const part of parts) {
    try {
      done.push(...(await part()));
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  return { done, failures };
}
