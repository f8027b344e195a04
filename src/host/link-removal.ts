/** Taking the interface away, and with it its addresses and routes; only when it is one of ours, or node-cache's. */
import { applyIp } from './ip-batch.ts';
import { mustBeOurs } from './link-ownership.ts';
import { readLinkOnly } from './link-state.ts';
import type { RunTool } from './run-tool.ts';

/**
 * @param types that it may have
 * @returns what was done, in words; empty when there is no such interface
 * @throws {HostError} `conflict` when it is somebody else's
 */
export async function removeLink(run: RunTool, name: string, types: readonly string[]): Promise<string[]> {
  const link = await readLinkOnly(run, name);
  if (link === undefined) return [];
  mustBeOurs(name, types, link);
  await applyIp(run, [`link delete dev ${name}`]);
  return [`removed the ${link.kind} ${name}`];
}
