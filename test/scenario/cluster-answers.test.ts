/** What pods ask of a cluster DNS comes back through the cache as the cluster DNS said it, whether it is the first to ask or not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClusterDaemon } from '../support/cluster-daemon.ts';
import type { ClusterDaemon } from '../support/cluster-daemon.ts';
import { HEADLESS_ADDRESSES, KUBERNETES_ADDRESS } from '../support/cluster-zone.ts';
import { scrape } from '../support/page.ts';
import { requireTools } from '../support/tools.ts';
import { withoutTtl } from '../support/without-ttl.ts';

const { available, reason } = requireTools('knotd', 'dig');

const SOA = 'cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5';
const service = (name: string): string => `${name}.svc.cluster.local.`;

/** Name, type, status, answer and authority, with the TTLs of an answer that nobody has asked for before. */
const CASES: readonly (readonly [string, string, string, string, readonly string[], readonly string[]])[] = [
  [
    'a service',
    'kubernetes.default.svc',
    'A',
    'NOERROR',
    [`${service('kubernetes.default')} 30 IN A ${KUBERNETES_ADDRESS}`],
    [],
  ],
  [
    'a headless service of twenty pods',
    'peers.default.svc',
    'A',
    'NOERROR',
    HEADLESS_ADDRESSES.map((address) => `${service('peers.default')} 30 IN A ${address}`),
    [],
  ],
  [
    'a port',
    '_https._tcp.kubernetes.default.svc',
    'SRV',
    'NOERROR',
    [`${service('_https._tcp.kubernetes.default')} 30 IN SRV 0 100 443 ${service('kubernetes.default')}`],
    [],
  ],
  [
    'an alias, and where it leads',
    'alias.default.svc',
    'A',
    'NOERROR',
    [
      `${service('alias.default')} 30 IN CNAME ${service('kubernetes.default')}`,
      `${service('kubernetes.default')} 30 IN A ${KUBERNETES_ADDRESS}`,
    ],
    [],
  ],
  ['no IPv6 for a service of IPv4', 'kubernetes.default.svc', 'AAAA', 'NOERROR', [], [SOA]],
  ['a name that is not', 'nobody.default.svc', 'A', 'NXDOMAIN', [], [SOA]],
];

describe.skipIf(!available)(`names of the cluster ${reason}`, () => {
  let cluster: ClusterDaemon;
  beforeAll(async () => {
    cluster = await startClusterDaemon();
  });
  afterAll(() => cluster.stop());

  it.each(CASES)(
    'gives %s, from upstream and from memory',
    async (_, name, type, status, answer, authority) => {
      const first = await cluster.ask(name, type);
      expect(first.status).toBe(status);
      expect(first.transport).toBe('UDP');
      expect(first.answer.toSorted()).toEqual(answer.toSorted());
      expect(first.authority).toEqual(authority);
      const second = await cluster.ask(name, type);
      const words = ({ status: rcode, answer: records, authority: denial }: typeof second): unknown => ({
        rcode,
        records: records.map(withoutTtl).toSorted(),
        denial: denial.map(withoutTtl),
      });
      expect(words(second)).toEqual(words(first));
      // RFC 1034 section 6.2.7: what comes from a cache claims no authority. The cluster DNS itself does.
      expect(first.flags).toEqual(['qr', 'aa', 'rd', 'ra']);
      expect(second.flags).toEqual(['qr', 'rd', 'ra']);
    },
  );

  it('asks each question once, and over TCP', async () => {
    const metrics = await scrape(cluster.metricsPort);
    const { length } = CASES;
    expect(metrics.sum('coredns_cache_misses_total')).toBe(length);
    expect(metrics.sum('coredns_cache_hits_total')).toBe(length);
    expect(metrics.sum('coredns_cache_hits_total', { type: 'denial' })).toBe(2);
    // The probe of `loop` is the one exchange more.
    expect(metrics.sum('coredns_proxy_request_duration_seconds_count')).toBe(length + 1);
    expect(metrics.series('coredns_proxy_conn_cache_misses_total')).toEqual([
      expect.stringMatching(/ proto=udp$/),
      expect.stringMatching(/ proto=tcp$/),
    ]);
    expect(metrics.sum('coredns_proxy_conn_cache_misses_total', { proto: 'udp' })).toBe(0);
    expect(metrics.sum('coredns_proxy_conn_cache_misses_total', { proto: 'tcp' })).toBeGreaterThan(0);
  });
});
