/**
 * The control: with the rules that node-cache puts, and leaves, a dead cache is a black hole for pods and host. Without this the other figures
 * would prove nothing: the same load, on the same node, loses everything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServe, untilLocal } from '../support/daemons.ts';
import { undisturbed, underLoad } from '../support/event.ts';
import { Figures } from '../support/figures.ts';
import { buildLab } from '../support/lab.ts';
import type { Lab } from '../support/lab.ts';
import { requireLab } from '../support/namespace.ts';
import { addNodeCacheInterface, addNodeCacheRules } from '../support/node-cache.ts';

const { available, reason } = requireLab('nft', 'iptables', 'knotd', 'ptp', 'conntrack', 'dig');

describe.skipIf(!available)(`a node with node-cache's rules, which simply stay ${reason}`, () => {
  const figures = new Figures({ rules: 'node-cache', kubeProxy: 'iptables-nft', pod: 'ptp' });
  let lab: Lab;
  beforeAll(async () => {
    lab = await buildLab('iptables-nft');
    addNodeCacheInterface(lab.node);
    addNodeCacheRules(lab.node, { ipv4: 'iptables-nft-restore', ipv6: 'ip6tables-nft-restore' });
  });
  afterAll(async () => {
    figures.publish();
    await lab.close();
  });

  it('answers nobody from the kill on, until there is a cache again', async () => {
    const outcome = await undisturbed(async () => {
      const serve = startServe(lab);
      await untilLocal(lab.pod1, lab.node);
      const rows = await underLoad(lab, {
        pod: lab.pod1,
        act: () => process.kill(serve.pid, 'SIGKILL'),
        until: () => delay(2_000),
      });
      return { rounds: [rows] };
    });
    figures.add(['serve killed, rules stay'], outcome);
    for (const { lost, cluster, longestGapMs } of outcome.rounds.flat()) {
      expect(lost).toBeGreaterThan(2_000);
      expect(cluster).toBe(0);
      expect(longestGapMs).toBeLessThan(1_000);
    }
    startServe(lab);
    await untilLocal(lab.pod1, lab.node);
  });
});
