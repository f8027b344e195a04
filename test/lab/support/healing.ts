/** When the host is whole again after somebody took something of ours away: interface, addresses and rules of both families. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RulesChoice } from './daemons.ts';
import type { Lab } from './lab.ts';
import { CLUSTER_IP, FAMILIES } from './plan.ts';

export const INTERFACE = 'nodelocaldns';
const LOOK_MS = 20;
const SAVE = { ipv4: 'iptables-save', ipv6: 'ip6tables-save' } as const;

/** Looks until it is so. @returns milliseconds since `eventMs`, by `performance.now()` */
export async function untilHealed(lab: Lab, rules: RulesChoice, eventMs: number): Promise<number> {
  while (!(hasAddresses(lab) && hasRules(lab, rules))) await delay(LOOK_MS);
  return Math.round(performance.now() - eventMs);
}

function hasAddresses({ node }: Lab): boolean {
  if (!node.succeeds('ip', 'link', 'show', INTERFACE)) return false;
  const addresses = node.run('ip', '-oneline', 'address', 'show', 'dev', INTERFACE);
  return FAMILIES.every((family) => addresses.includes(` ${CLUSTER_IP[family]}/`));
}

/** Of our own, and with the cluster's address in each family: kube-proxy's name it as well. */
function hasRules({ node, environment }: Lab, rules: RulesChoice): boolean {
  if (rules === 'nft') {
    if (!node.succeeds('nft', 'list', 'table', 'inet', 'nodelocaldns')) return false;
    const table = node.run('nft', 'list', 'table', 'inet', 'nodelocaldns');
    return FAMILIES.every((family) => table.includes(CLUSTER_IP[family]));
  }
  return FAMILIES.every((family) => {
    const table = node.run('env', `PATH=${environment['PATH']}`, SAVE[family], '-t', 'raw');
    return table
      .split('\n')
      .some((line) => line.includes('NODELOCALDNS') && line.includes(CLUSTER_IP[family]));
  });
}
