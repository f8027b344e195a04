/**
 * kube-proxy's iptables mode: a chain for each service port that chooses an endpoint by chance, a chain for each endpoint that rewrites the
 * destination, and a mark for what is masqueraded on its way out. Input for `iptables-restore --noflush`.
 */
import { createHash } from 'node:crypto';
import type { ServicePort } from './kube-proxy.ts';
import { POD_RANGE } from './plan.ts';
import type { Family } from './plan.ts';

const MASQUERADE_MARK = '0x4000';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const NAME_LETTERS = 16;

/** The built-in chains' way into kube-proxy's: put once, and left alone from then on. */
export const iptablesJumps = (family: Family): string => `*filter
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark ${MASQUERADE_MARK}/${MASQUERADE_MARK} -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
${firewall(family)}COMMIT
*nat
:KUBE-SERVICES - [0:0]
:KUBE-POSTROUTING - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
COMMIT
`;

/** The kubelet's and kube-proxy's guard against martians on loopback; only IPv4 has it. */
function firewall(family: Family): string {
  if (family === 'ipv6') return '';
  return (
    '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" ' +
    '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n'
  );
}

/** All chains of services, written anew. */
export function iptablesSync(family: Family, services: readonly ServicePort[]): string {
  const chains = [
    'KUBE-SERVICES',
    'KUBE-POSTROUTING',
    'KUBE-MARK-MASQ',
    'KUBE-NODEPORTS',
    ...services.flatMap((service) => [
      serviceChain(service),
      ...service.endpoints.map((endpoint) => endpointChain(service, endpoint)),
    ]),
  ];
  return [
    '*nat',
    ...chains.map((chain) => `:${chain} - [0:0]`),
    `-A KUBE-POSTROUTING -m mark ! --mark ${MASQUERADE_MARK}/${MASQUERADE_MARK} -j RETURN`,
    `-A KUBE-POSTROUTING -j MARK --xor-mark ${MASQUERADE_MARK}`,
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    `-A KUBE-MARK-MASQ -j MARK --or-mark ${MASQUERADE_MARK}`,
    ...services.flatMap((service) => serviceRules(family, service)),
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" ' +
      '-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    'COMMIT',
    '',
  ].join('\n');
}

function serviceRules(family: Family, service: ServicePort): string[] {
  const { name, protocol, address, port, endpoints } = service;
  const chain = serviceChain(service);
  const match = `-d ${address} -m ${protocol} -p ${protocol} --dport ${port}`;
  const choices = endpoints.map((endpoint, index) => {
    const left = endpoints.length - index;
    const chance = `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
    const comment = `-m comment --comment "${name} -> ${withPort(endpoint, port)}"`;
    return `-A ${chain} ${comment} ${left > 1 ? chance : ''}-j ${endpointChain(service, endpoint)}`;
  });
  return [
    `-A KUBE-SERVICES -m comment --comment "${name} cluster IP" ${match} -j ${chain}`,
    `-A ${chain} -m comment --comment "${name} cluster IP" ${match} ! -s ${POD_RANGE[family]} -j KUBE-MARK-MASQ`,
    ...choices,
    ...endpoints.flatMap((endpoint) => [
      `-A ${endpointChain(service, endpoint)} -m comment --comment ${name} -s ${endpoint} -j KUBE-MARK-MASQ`,
      `-A ${endpointChain(service, endpoint)} -m comment --comment ${name} -m ${protocol} -p ${protocol} ` +
        `-j DNAT --to-destination ${withPort(endpoint, port)}`,
    ]),
  ];
}

const withPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** kube-proxy names its chains by a hash of what they are for: the well-known KUBE-SVC-TCOU7JCQXEZGVUNU is kube-dns over UDP. */
export const serviceChain = ({ name, protocol }: ServicePort): string =>
  `KUBE-SVC-${hashed(name + protocol)}`;

const endpointChain = ({ name, protocol, port }: ServicePort, endpoint: string): string =>
  `KUBE-SEP-${hashed(name + protocol + withPort(endpoint, port))}`;

/** The first letters of the SHA-256 in base 32 (RFC 4648 section 6). */
function hashed(text: string): string {
  const octets = createHash('sha256').update(text).digest();
  const letter = (index: number): string => {
    const bit = index * 5;
    const window = octets.readUInt16BE(bit >> 3);
    return BASE32[(window >> (11 - (bit & 7))) & 31] ?? '';
  };
  return Array.from({ length: NAME_LETTERS }, (_, index) => letter(index)).join('');
}
