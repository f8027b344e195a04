/** The contract on nftables, and what only nftables has. */
import { openNftRules } from '../../../src/host/nft/open-nft-rules.ts';
import { requireLab } from '../support/namespace.ts';
import type { Namespace } from '../support/namespace.ts';
import { describeRules } from './contract.ts';
import type { Damage } from './contract.ts';

const { reason } = requireLab('nft', 'iptables', 'conntrack');
const TABLE = ['inet', 'nodelocaldns'] as const;

/** Without counters, timers and the test's own table, which counts. */
const everything = (node: Namespace): string => node.run('nft', '-s', 'list', 'ruleset');

function others(node: Namespace): string {
  const tables = node.run('nft', 'list', 'tables').trim().split('\n');
  return tables
    .filter((table) => table !== `table ${TABLE.join(' ')}`)
    .map((table) => node.run('nft', '-s', 'list', ...table.split(' ')))
    .join('\n');
}

function handleOfRule(node: Namespace, comment: RegExp): string {
  const lines = node.run('nft', '-a', 'list', 'table', ...TABLE).split('\n');
  const line = lines.find((text) => comment.test(text));
  return /# handle (\d+)/.exec(line ?? '')?.[1] ?? '';
}

const damages: readonly Damage[] = [
  {
    name: 'one rule is deleted',
    inflict: (node) => {
      const handle = handleOfRule(node, /comment ".*answers/);
      node.run('nft', 'delete', 'rule', ...TABLE, 'output', 'handle', handle);
    },
  },
  {
    name: 'a rule is added',
    inflict: (node) => void node.run('nft', 'insert', 'rule', ...TABLE, 'prerouting', 'accept'),
  },
  {
    name: 'a chain is flushed',
    inflict: (node) => void node.run('nft', 'flush', 'chain', ...TABLE, 'prerouting'),
  },
  { name: 'all rules are flushed', inflict: (node) => void node.run('nft', 'flush', 'table', ...TABLE) },
  {
    name: 'the table is made dormant',
    inflict: (node) => void node.run('nft', `add table ${TABLE.join(' ')} { flags dormant; }`),
  },
  {
    name: 'a strange address is armed',
    inflict: (node) => void node.run('nft', `add element ${TABLE.join(' ')} armed4 { 192.0.2.1 }`),
  },
  {
    name: 'it has become a table of something else',
    inflict: (node) => {
      node.feed(
        `delete table ${TABLE.join(' ')}\ntable ${TABLE.join(' ')} { chain input { type filter hook input priority 0; }; }\n`,
        'nft',
        '-f',
        '-',
      );
    },
  },
];

function addOthers(node: Namespace): void {
  node.feed(
    `table inet filter { chain input { type filter hook input priority 0; policy accept; ct state invalid counter drop; }; }
     table ip kube-proxy { map services { type ipv4_addr : verdict; }; chain prerouting { type nat hook prerouting priority -100; }; }`,
    'nft',
    '-f',
    '-',
  );
  node.run('iptables', '-t', 'raw', '-A', 'PREROUTING', '-s', '192.0.2.1', '-j', 'NOTRACK');
}

describeRules('nftables', openNftRules, { everything, others, addOthers, damages, skipReason: reason });
