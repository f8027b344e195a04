/** The iptables backend of one flavour, held to the suite that all backends pass. A test file for each: they run at the same time. */
import { openIptablesRules } from '../../../src/host/iptables/iptables-rules.ts';
import type { Namespace } from '../support/namespace.ts';
import { requireLab } from '../support/namespace.ts';
import { onlyFlavour, saved } from '../iptables/flavours.ts';
import type { FlavourName } from '../iptables/flavours.ts';
import { describeRules } from './contract.ts';
import type { Damage } from './contract.ts';

const { reason } = requireLab('iptables', 'nft', 'conntrack');

export function describeIptablesRules(flavour: FlavourName): void {
  describeRules(
    `iptables rules, ${flavour}`,
    (plan, run) => openIptablesRules(plan, onlyFlavour(flavour, run)),
    {
      everything: (node) => saved(node, flavour),
      others: (node) => withoutOurs(saved(node, flavour)),
      addOthers: (node) => addOthers(node, flavour),
      damages: damagesOf(flavour),
      skipReason: reason,
    },
  );
}

const withoutOurs = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.includes('NODELOCALDNS-'))
    .join('\n');

/** Rules as kube-proxy, a CNI plugin and an administrator have them, also before and behind ours in table raw. */
function addOthers(node: Namespace, flavour: FlavourName): void {
  for (const [tool, address] of [
    ['iptables', '10.96.0.10/32'],
    ['ip6tables', 'fd00:10:96::a/128'],
  ]) {
    const text = `*raw
:cali-PREROUTING - [0:0]
-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
-A cali-PREROUTING -p udp -m udp --dport 4789 -j NOTRACK
-A OUTPUT -d ${address} -p udp -m udp --dport 5353 -j NOTRACK
COMMIT
*nat
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d ${address} -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 9953 -j ACCEPT
COMMIT
*filter
-A INPUT -d ${address} -p udp -m udp --dport 9153 -j ACCEPT
COMMIT
`;
    node.feed(text, `${tool}-${flavour}-restore`, '--noflush');
  }
}

function damagesOf(flavour: FlavourName): Damage[] {
  const inRaw = (tool: string, ...args: readonly string[]): Damage => ({
    name: `${tool} -t raw ${args.join(' ')}`,
    inflict: (node) => void node.run(`${tool}-${flavour}`, '-t', 'raw', ...args),
  });
  return [
    inRaw('iptables', '-F'),
    inRaw('iptables', '-F', 'PREROUTING'),
    inRaw('ip6tables', '-F', 'OUTPUT'),
    inRaw('ip6tables', '-D', 'PREROUTING', '1'),
    inRaw('iptables', '-F', 'NODELOCALDNS-IN'),
    inRaw('iptables', '-D', 'NODELOCALDNS-OUT', '2'),
    inRaw('ip6tables', '-A', 'NODELOCALDNS-FROM', '-j', 'ACCEPT'),
    inRaw('ip6tables', '-N', 'NODELOCALDNS-OLD'),
    inRaw('iptables', '-A', 'OUTPUT', '-j', 'NODELOCALDNS-ASK'),
  ];
}
