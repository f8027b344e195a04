/**
 * The addresses of the lab's cluster, in both families. All of them are private or made for documentation; nothing leaves the namespaces.
 */

export const FAMILIES = ['ipv4', 'ipv6'] as const;
export type Family = (typeof FAMILIES)[number];
export type PerFamily = Readonly<Record<Family, string>>;

/** `kube-dns`: what pods have in their resolv.conf. */
export const CLUSTER_IP: PerFamily = { ipv4: '10.96.0.10', ipv6: 'fd00:10:96::10' };
/** `kube-dns-upstream`: the same cluster DNS by an address that nobody intercepts. */
export const UPSTREAM_IP: PerFamily = { ipv4: '10.96.0.11', ipv6: 'fd00:10:96::11' };
/** What the cache has besides the cluster's address. */
export const LOCAL_IP: PerFamily = { ipv4: '169.254.20.10', ipv6: 'fd00:169:254::10' };
/** Where all pods of the cluster are, and those that the node's two networks have. */
export const POD_RANGE: PerFamily = { ipv4: '10.244.0.0/16', ipv6: 'fd00:10:244::/48' };
export const SERVICE_RANGE: PerFamily = { ipv4: '10.96.0.0/16', ipv6: 'fd00:10:96::/112' };
export const PTP_SUBNETS = ['10.244.1.0/25', 'fd00:10:244:1::/112'] as const;
export const BRIDGE_SUBNETS = ['10.244.1.128/25', 'fd00:10:244:1:1::/112'] as const;
/** The wire between the node and the machine that cluster DNS runs on. */
export const NODE_ADDRESS: PerFamily = { ipv4: '172.31.0.1', ipv6: 'fd00:172:31::1' };
export const DNS_HOST_ADDRESS: PerFamily = { ipv4: '172.31.0.2', ipv6: 'fd00:172:31::2' };
/** The pods of cluster DNS, and their networks. */
export const DNS_PODS: readonly PerFamily[] = [
  { ipv4: '10.244.9.10', ipv6: 'fd00:10:244:9::10' },
  { ipv4: '10.244.9.11', ipv6: 'fd00:10:244:9::11' },
];
export const DNS_POD_RANGE: PerFamily = { ipv4: '10.244.9.0/24', ipv6: 'fd00:10:244:9::/64' };

/**
 * Everybody answers this name with an A and an AAAA record whose last octet says who it was: 1 the cache on the node, 10 and 11 the two
 * pods of cluster DNS. The cache has it from `hosts`, so that it is its own answer and not one that it has kept.
 */
export const WHO = 'who.default.svc.cluster.local';
export const LOCAL_MARK = 1;
export const whoAddress = (mark: number): PerFamily => ({
  ipv4: `192.0.2.${mark}`,
  ipv6: `2001:db8::${mark.toString(16)}`,
});
export const dnsPodMark = (pod: number): number => 10 + pod;
/** A name that the cache only has from cluster DNS. Its TTL is an hour; the cache keeps it for as long as its `cache` line says. */
export const CACHED_NAME = 'lasting.default.svc.cluster.local';
