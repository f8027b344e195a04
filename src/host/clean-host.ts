/**
 * Takes away from the host all that we, or node-cache before us, have put there: `guard --once-clean`. Rules go first and the interface last, so
 * that at no time packets are led to an address that is gone. A part that cannot be removed does not keep the others.
 */
import { messageOf } from '../base/error-message.ts';
import { HostError } from './host-error.ts';
import { removeLink } from './link-removal.ts';
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

const TABLE = 'table inet nodelocaldns';

/** Never rejects. */
export async function cleanHost({ interfaceName, run, cleanFormerRules }: CleanHost): Promise<Cleaned> {
  const done: string[] = [];
  const failures: string[] = [];
  const parts: readonly (() => Promise<readonly string[]>)[] = [
    () => removeTable(run),
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

/** A host without nft, or a kernel without nftables, has no table. */
async function removeTable(run: RunTool): Promise<readonly string[]> {
  try {
    const { code, stderr } = await run('rules', { command: 'nft', args: ['delete', ...TABLE.split(' ')] });
    if (code === 0) return [`removed the nftables ${TABLE}`];
    if (/No such file or directory|not supported/.test(stderr)) return [];
    const denied = stderr.includes('Operation not permitted');
    const hint = denied ? 'the capability NET_ADMIN is missing: ' : '';
    throw new HostError(
      'rules',
      denied ? 'permission' : 'failed',
      `${hint}nft delete ${TABLE}: ${stderr.trim()}`,
    );
  } catch (error) {
    if (error instanceof HostError && error.code === 'tool') return [];
    throw error;
  }
}
