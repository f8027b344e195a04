/**
 * What a cluster DNS serves, as a zone for a real server: one name for each shape that a cluster's answers have. The TTL of the SOA
 * record and its MINIMUM differ, so that a test sees which of the two a negative answer was kept for (the smaller, RFC 2308 section 5).
 */

/** Without the final dot, as in a Corefile. */
export const CLUSTER_DOMAIN = 'cluster.local';

/** TTL of every record that has none of its own, the SOA among them. */
export const CLUSTER_TTL_SECONDS = 30;

/** The last field of the SOA: how long the absence of a name or type may be kept. */
export const CLUSTER_MINIMUM_SECONDS = 5;

export const KUBERNETES_ADDRESS = '10.96.0.1';

/** `peers.default.svc`: addresses of a headless service, as many as still fit into 512 octets when the names are compressed. */
export const HEADLESS_ADDRESSES: readonly string[] = Array.from(
  { length: 20 },
  (_, index) => `10.244.1.${index + 1}`,
);

/** `notes.default.svc`: one TXT record that no UDP answer of 1232 octets holds. */
export const LONG_TEXT_STRINGS: readonly string[] = Array.from(
  { length: 8 },
  (_, index) => `part-${index}-${'x'.repeat(193)}`,
);

const quoted = (texts: readonly string[]): string => texts.map((text) => `"${text}"`).join(' ');
const lines = (owner: string, type: string, values: readonly string[]): string =>
  values.map((value) => `${owner} ${type} ${value}`).join('\n');

/** The zone as text (RFC 1035 section 5). */
export const CLUSTER_ZONE = `$ORIGIN ${CLUSTER_DOMAIN}.
$TTL ${CLUSTER_TTL_SECONDS}
@ SOA ns.dns hostmaster 1 7200 1800 86400 ${CLUSTER_MINIMUM_SECONDS}
@ NS ns.dns
ns.dns A 10.96.0.10
dns-version TXT "1.1.0"

; Services with a cluster address, their ports, and one in both families.
kubernetes.default.svc A ${KUBERNETES_ADDRESS}
_https._tcp.kubernetes.default.svc SRV 0 100 443 kubernetes.default.svc
kube-dns.kube-system.svc A 10.96.0.10
_dns._udp.kube-dns.kube-system.svc SRV 0 100 53 kube-dns.kube-system.svc
_dns-tcp._tcp.kube-dns.kube-system.svc SRV 0 100 53 kube-dns.kube-system.svc
dual.default.svc A 10.96.3.1
dual.default.svc AAAA fd00:96::3:1

; Only IPv6: a question for A is NODATA.
six.default.svc AAAA fd00:96::6

; Headless: one address for each pod, and a name for the first.
${lines('peers.default.svc', 'A', HEADLESS_ADDRESSES)}
pod-0.peers.default.svc A ${HEADLESS_ADDRESSES[0]}
_peer._tcp.peers.default.svc SRV 0 100 7000 pod-0.peers.default.svc

; ExternalName: an alias to a name of this zone, and one to a name outside of it.
alias.default.svc CNAME kubernetes.default.svc
external.default.svc CNAME www.example.org.

; Gone before anything can keep it, and kept for an hour.
fleeting.default.svc 0 A 10.96.4.1
lasting.default.svc 3600 A 10.96.4.2

notes.default.svc TXT ${quoted(LONG_TEXT_STRINGS)}
`;
