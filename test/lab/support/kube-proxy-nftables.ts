/**
 * kube-proxy's nftables mode: a table of its own for each family, a map from address, protocol and port to the service's chain, and a chain for
 * each endpoint. Besides DNAT it drops new connections to addresses of services that nothing has rewritten; that is what an interception that
 * rewrites nothing has to get along with. Input for `nft -f`, one transaction.
 */
import type { ServicePort } from './kube-proxy.ts';
import { POD_RANGE, SERVICE_RANGE } from './plan.ts';
import type { Family } from './plan.ts';

const MASQUERADE_MARK = '0x4000';

/** The table, made or emptied, and all services, written anew. */
export function nftablesSync(family: Family, services: readonly ServicePort[]): string {
  const ip = family === 'ipv4' ? 'ip' : 'ip6';
  const addresses = [...new Set(services.map(({ address }) => address))].join(', ');
  const chosen = services.map(
    (service) => `${service.address} . ${service.protocol} . ${service.port} : goto ${serviceChain(service)}`,
  );
  return `add table ${ip} kube-proxy
flush table ${ip} kube-proxy
add map ${ip} kube-proxy service-ips { type ${ip === 'ip' ? 'ipv4_addr' : 'ipv6_addr'} . inet_proto . inet_service : verdict; }
add set ${ip} kube-proxy cluster-ips { type ${ip === 'ip' ? 'ipv4_addr' : 'ipv6_addr'}; }
flush map ${ip} kube-proxy service-ips
flush set ${ip} kube-proxy cluster-ips
table ${ip} kube-proxy {
  chain mark-for-masquerade { meta mark set meta mark or ${MASQUERADE_MARK}; }
  chain masquerading {
    meta mark and ${MASQUERADE_MARK} == 0 return
    meta mark set meta mark xor ${MASQUERADE_MARK}
    masquerade fully-random
  }
  chain cluster-ips-check {
    ${ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
    ${ip} daddr ${SERVICE_RANGE[family]} drop comment "Drop traffic to unallocated ClusterIPs"
  }
${services.map((service) => serviceChains(ip, family, service)).join('')}
  chain services { ${ip} daddr . meta l4proto . th dport vmap @service-ips; }
  chain filter-forward {
    type filter hook forward priority -110; policy accept;
    ct state new jump cluster-ips-check
  }
  chain filter-output-post-dnat {
    type filter hook output priority -90; policy accept;
    ct state new jump cluster-ips-check
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain nat-output { type nat hook output priority -100; policy accept; jump services; }
  chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept; jump masquerading; }
}
add element ${ip} kube-proxy cluster-ips { ${addresses} }
add element ${ip} kube-proxy service-ips { ${chosen.join(', ')} }
`;
}

function serviceChains(ip: 'ip' | 'ip6', family: Family, service: ServicePort): string {
  const { address, protocol, port, endpoints } = service;
  const choices = endpoints.map((_, index) => `${index} : goto ${endpointChain(service, index)}`);
  const ends = endpoints.map(
    (endpoint, index) => `  chain ${endpointChain(service, index)} {
    ${ip} saddr ${endpoint} jump mark-for-masquerade
    meta l4proto ${protocol} dnat to ${ip === 'ip' ? endpoint : `[${endpoint}]`}:${port}
  }
`,
  );
  return `${ends.join('')}  chain ${serviceChain(service)} {
    ${ip} daddr ${address} ${protocol} dport ${port} ${ip} saddr != ${POD_RANGE[family]} jump mark-for-masquerade
    numgen random mod ${endpoints.length} vmap { ${choices.join(', ')} }
  }
`;
}

const plain = (name: string): string => name.replace(/:.*/, '');
const serviceChain = ({ name, protocol }: ServicePort): string => `service-${plain(name)}/${protocol}`;
const endpointChain = ({ name, protocol }: ServicePort, index: number): string =>
  `endpoint-${plain(name)}/${protocol}/${index}`;
