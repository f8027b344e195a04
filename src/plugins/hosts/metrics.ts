/** The metrics of `hosts`, by CoreDNS's names. */
import type { Family, Gauge, Metrics } from '../../observe/metric-types.ts';

export interface HostsMetrics {
  /** By the file's path. */
  readonly entries: Family<Gauge>;
  /** Unix time of the file's last change, as far as it was read. */
  readonly reloadTimestamp: Gauge;
}

export function hostsMetrics(metrics: Metrics): HostsMetrics {
  return {
    entries: metrics.gauge(
      'coredns_hosts_entries',
      'Addresses of names and names of addresses, of the hosts file and inline.',
      ['hostsfile'],
    ),
    reloadTimestamp: metrics
      .gauge('coredns_hosts_reload_timestamp_seconds', 'When the hosts file that was read last had changed.')
      .with(),
  };
}
