/** The events in which kube-proxy's mode matters, with its nftables mode; the pod attached by bridge. */
import { describe } from 'vitest';
import { requireLab } from '../support/namespace.ts';
import { defineTable } from '../support/table.ts';

const { available, reason } = requireLab('nft', 'iptables', 'knotd', 'ptp', 'conntrack', 'dig', 'setpriv');

describe.skipIf(!available)(`a node whose kube-proxy is in nftables mode ${reason}`, () => {
  defineTable({
    rules: 'nft',
    mode: 'nftables',
    pod: 'bridge',
    events: ['serve-killed', 'run-killed', 'interface-deleted', 'kube-proxy-rewritten'],
  });
});
