/**
 * The part of kube-proxy that matters to DNS, in the shape that it has on real nodes: which addresses are services, which pods stand behind
 * them, who is masqueraded. Its two modes are `kube-proxy-iptables.ts` and `kube-proxy-nftables.ts`.
 */
import { iptablesSync, iptablesJumps } from './kube-proxy-iptables.ts';
import { nftablesSync } from './kube-proxy-nftables.ts';
import type { Namespace } from './namespace.ts';
import { CLUSTER_IP, DNS_PODS, FAMILIES, UPSTREAM_IP } from './plan.ts';
import type { Family } from './plan.ts';

export type KubeProxyMode = 'iptables-legacy' | 'iptables-nft' | 'nftables';

export interface ServicePort {
  /** As kube-proxy names it: `namespace/name:port`. */
  readonly name: string;
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  readonly endpoints: readonly string[];
}

/** The ports of `kube-dns` and `kube-dns-upstream`. */
export function dnsServices(family: Family): readonly ServicePort[] {
  const endpoints = DNS_PODS.map((pod) => pod[family]);
  return [
    { service: 'kube-system/kube-dns', address: CLUSTER_IP[family] },
    { service: 'kube-system/kube-dns-upstream', address: UPSTREAM_IP[family] },
  ].flatMap(({ service, address }) => [
    { name: `${service}:dns`, protocol: 'udp' as const, address, port: 53, endpoints },
    { name: `${service}:dns-tcp`, protocol: 'tcp' as const, address, port: 53, endpoints },
  ]);
}

/** As kube-proxy at its start. */
export function installKubeProxy(node: Namespace, mode: KubeProxyMode): void {
  if (mode !== 'nftables') {
    for (const family of FAMILIES) {
      node.feed(iptablesJumps(family), restoreProgram(mode, family), '-w', '5', '--noflush');
    }
  }
  syncKubeProxy(node, mode);
}

/** As kube-proxy whenever a service changes, and every 30 s: all of its chains anew, in one transaction for each family. */
export function syncKubeProxy(node: Namespace, mode: KubeProxyMode): void {
  for (const family of FAMILIES) {
    const services = dnsServices(family);
    if (mode === 'nftables') node.feed(nftablesSync(family, services), 'nft', '-f', '-');
    else node.feed(iptablesSync(family, services), restoreProgram(mode, family), '-w', '5', '--noflush');
  }
}

const restoreProgram = (mode: 'iptables-legacy' | 'iptables-nft', family: Family): string =>
  `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${mode === 'iptables-nft' ? 'nft' : 'legacy'}-restore`;
