/**
 * What today's node-cache leaves on a node: a dummy interface with the addresses, and twelve rules for each that say "do not track" without a
 * condition. The control of the lab's figures: with these, a dead cache is a black hole.
 */
import type { Namespace } from './namespace.ts';
import { CLUSTER_IP, LOCAL_IP } from './plan.ts';

const INTERFACE = 'nodelocaldns';
const HEALTH_PORT = 8080;
const SKIP = '-m comment --comment "NodeLocal DNS Cache: skip conntrack"';
const ALLOW = '-m comment --comment "NodeLocal DNS Cache: allow DNS traffic"';

/** The interface, as a bridge: machines without the module `dummy` have that, and it holds addresses just as well. */
export function addNodeCacheInterface(node: Namespace): void {
  node.run('ip', 'link', 'add', INTERFACE, 'type', 'bridge');
  for (const address of [CLUSTER_IP, LOCAL_IP].flatMap(Object.values)) {
    node.run('ip', 'address', 'add', String(address), 'dev', INTERFACE);
  }
  node.run('ip', 'link', 'set', INTERFACE, 'up');
}

/** By the `iptables` that the program itself would find. */
export function addNodeCacheRules(node: Namespace, iptables: { ipv4: string; ipv6: string }): void {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const rules = [CLUSTER_IP[family], LOCAL_IP[family]].map(rulesFor);
    const table = (name: string, part: 'raw' | 'filter'): string =>
      `*${name}\n${rules.flatMap((rule) => rule[part]).join('\n')}\nCOMMIT\n`;
    node.feed(table('raw', 'raw') + table('filter', 'filter'), iptables[family], '-w', '5', '--noflush');
  }
}

const both = (write: (protocol: string) => string): string[] => ['tcp', 'udp'].map(write);

const rulesFor = (address: string): { raw: readonly string[]; filter: readonly string[] } => {
  return {
    raw: [
      ...both((p) => `-I PREROUTING -p ${p} -d ${address} --dport 53 -j NOTRACK ${SKIP}`),
      ...both((p) => `-I OUTPUT -p ${p} -s ${address} --sport 53 -j NOTRACK ${SKIP}`),
      ...both((p) => `-I OUTPUT -p ${p} -d ${address} --dport 53 -j NOTRACK ${SKIP}`),
      `-I OUTPUT -p tcp -d ${address} --dport ${HEALTH_PORT} -j NOTRACK ${SKIP}`,
      `-I OUTPUT -p tcp -s ${address} --sport ${HEALTH_PORT} -j NOTRACK ${SKIP}`,
    ],
    filter: [
      ...both((p) => `-I INPUT -p ${p} -d ${address} --dport 53 -j ACCEPT ${ALLOW}`),
      ...both((p) => `-I OUTPUT -p ${p} -s ${address} --sport 53 -j ACCEPT ${ALLOW}`),
    ],
  };
};
