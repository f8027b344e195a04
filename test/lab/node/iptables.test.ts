/** The events with the iptables backend, legacy flavour as kube-proxy's; the pod attached by bridge. The lock is the legacy flavour's alone. */
import { describe } from 'vitest';
import { requireLab } from '../support/namespace.ts';
import { defineTable } from '../support/table.ts';

const { available, reason } = requireLab('nft', 'iptables', 'knotd', 'ptp', 'conntrack', 'dig', 'setpriv');

describe.skipIf(!available)(`a node with iptables rules ${reason}`, () => {
  defineTable({
    rules: 'iptables',
    mode: 'iptables-legacy',
    pod: 'bridge',
    events: [
      'serve-killed',
      'serve-frozen',
      'everything-killed',
      'interface-deleted',
      'kube-proxy-rewritten',
      'lock-held',
      'lock-held-at-start',
    ],
  });
});
