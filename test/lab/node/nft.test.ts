/** Every event with the nftables backend; kube-proxy in its iptables mode (nft flavour), the pod attached by ptp. */
import { describe } from 'vitest';
import { requireLab } from '../support/namespace.ts';
import { defineTable } from '../support/table.ts';

const { available, reason } = requireLab('nft', 'iptables', 'knotd', 'ptp', 'conntrack', 'dig', 'setpriv');

describe.skipIf(!available)(`a node with nftables rules ${reason}`, () => {
  defineTable({
    rules: 'nft',
    mode: 'iptables-nft',
    pod: 'ptp',
    events: [
      'serve-killed',
      'serve-frozen',
      'guard-killed',
      'run-killed',
      'everything-killed',
      'rules-flushed',
      'interface-deleted',
      'cluster-dns-gone',
      'kube-proxy-rewritten',
    ],
  });
});
