/**
 * What clients notice of the interception beside its events: nothing is tracked, a parallel pair of questions does not wait, many TCP connections
 * at once are answered; and that a whole life of `run` leaves the node as it was.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servePid, startRun, untilLocal } from '../support/daemons.ts';
import { buildLab } from '../support/lab.ts';
import type { Lab } from '../support/lab.ts';
import { runLoad } from '../support/load/load.ts';
import { summarize } from '../support/load/summary.ts';
import type { Summary } from '../support/load/summary.ts';
import type { LoadOptions } from '../support/load/options.ts';
import { requireLab } from '../support/namespace.ts';
import type { Namespace } from '../support/namespace.ts';
import { CLUSTER_IP, FAMILIES } from '../support/plan.ts';
import type { Family } from '../support/plan.ts';

const { available, reason } = requireLab('nft', 'iptables', 'knotd', 'ptp', 'conntrack', 'dig', 'setpriv');
const QUERIES = 100_000;
const FAST = 14_000;
const AT_ONCE = 1_000_000;
const CONNECTIONS = 200;
/** glibc waits 5 s for the answer of a pair that connection tracking has dropped, others 1 s or more. */
const WAITED_MS = 900;

describe.skipIf(!available)(`clients of a node that intercepts ${reason}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await buildLab('iptables-nft');
  });
  afterAll(() => lab.close());

  /** @returns what became of the queries to one family's address */
  const ask = async (
    family: Family,
    options: Partial<LoadOptions> & Pick<LoadOptions, 'count'>,
    client: Namespace = lab.pod1,
  ): Promise<Summary> => {
    const targets = [{ name: family, address: CLUSTER_IP[family] }];
    const result = await runLoad(client, { ...options, targets });
    return summarize(result, 0, { eventNs: BigInt(result.startNs) });
  };
  /** Both families at once, from a pod. */
  const askBoth = async (
    options: Partial<LoadOptions> & Pick<LoadOptions, 'count'>,
  ): Promise<readonly Summary[]> => {
    const result = await runLoad(lab.pod1, options);
    return FAMILIES.map((_, target) => summarize(result, target, { eventNs: BigInt(result.startNs) }));
  };
  const trackedDns = (family: Family): number =>
    lab.node
      .run('conntrack', '-L', '-f', family, '--orig-dst', CLUSTER_IP[family])
      .split('\n')
      .filter((line) => /\bdport=53\b/.test(line)).length;

  describe.each(['nft', 'iptables'] as const)('with rules by %s', (rules) => {
    it('100,000 queries leave no tracked connection, and without interception they do', async () => {
      const load = { pattern: 'sockets', rate: FAST / 2, count: QUERIES / 2 } as const;
      const run = startRun(lab, rules);
      await untilLocal(lab.pod1, lab.node);
      lab.node.run('conntrack', '-F');
      for (const { asked, local } of await askBoth(load)) {
        expect(asked).toBe(QUERIES / 2);
        expect(local).toBeGreaterThan((QUERIES / 2) * 0.99);
      }
      expect(FAMILIES.map(trackedDns)).toEqual([0, 0]);
      await run.stop();
      await askBoth({ ...load, count: QUERIES / 10 });
      for (const family of FAMILIES) expect(trackedDns(family)).toBeGreaterThanOrEqual(64);
    });

    it('a pair of questions from one socket never waits', async () => {
      const run = startRun(lab, rules);
      await untilLocal(lab.pod1, lab.node);
      for (const summary of await askBoth({ pattern: 'pairs', rate: 500, count: 1_500 })) {
        const { asked, lost, slowestMs, cluster } = summary;
        expect({ asked, lost, cluster }).toEqual({ asked: 3_000, lost: 0, cluster: 0 });
        expect(slowestMs).toBeLessThan(WAITED_MS);
      }
      await run.stop();
    });

    it('200 TCP connections at once are answered, before a kill, after it, and when the cache is back', async () => {
      const run = startRun(lab, rules);
      const load = { pattern: 'tcp', rate: AT_ONCE, count: CONNECTIONS } as const;
      await untilLocal(lab.pod1, lab.node);
      for (const client of [lab.pod1, lab.node]) {
        for (const family of FAMILIES) {
          const { lost, failed, local } = await ask(family, load, client);
          expect({ lost, failed, local }).toEqual({ lost: 0, failed: 0, local: CONNECTIONS });
        }
      }
      process.kill(servePid(run), 'SIGKILL');
      await run.waitForNextLine(/fallback/);
      for (const client of [lab.pod1, lab.node]) {
        for (const family of FAMILIES) {
          const { lost, failed } = await ask(family, load, client);
          expect({ lost, failed }).toEqual({ lost: 0, failed: 0 });
        }
      }
      await untilLocal(lab.pod1, lab.node);
      for (const family of FAMILIES) {
        const { lost, local } = await ask(family, load);
        expect({ lost, local }).toEqual({ lost: 0, local: CONNECTIONS });
      }
      await run.stop();
    });

    it('a life of run leaves rules and interfaces as they were', async () => {
      const before = lookOf(lab.node);
      const run = startRun(lab, rules);
      await untilLocal(lab.pod1, lab.node);
      expect(lookOf(lab.node)).not.toEqual(before);
      expect(await run.stop()).toEqual({ code: 0, signal: null });
      expect(lookOf(lab.node)).toEqual(before);
    });
  });
});

const withoutCounters = (text: string): string =>
  text.replaceAll(/counter packets \d+ bytes \d+|\[\d+:\d+\]|^#.*$|\bexpires \w+\b/gm, '');

/** Everything that interception changes on a host, without counters. */
function lookOf(node: Namespace): object {
  return {
    rules: withoutCounters(node.run('nft', 'list', 'ruleset')),
    legacy: ['iptables-legacy-save', 'ip6tables-legacy-save'].map((save) => withoutCounters(node.run(save))),
    links: node.run('ip', '-brief', 'link'),
    addresses: node.run('ip', '-brief', 'address'),
    routes: ['-4', '-6'].map((family) => node.run('ip', family, 'route', 'show', 'table', 'all')),
    policies: ['-4', '-6'].map((family) => node.run('ip', family, 'rule')),
  };
}
