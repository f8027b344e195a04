/** `coredns_build_info`: which program this is, under the name that dashboards for CoreDNS look for. */
import type { Metrics } from './metric-types.ts';

/**
 * Sets the one series, 1, with our version and revision; `goversion` is the runtime's: `node24.21.0`, built like Go's `go1.25.1`.
 *
 * @param revision the commit, or empty where it is not known
 */
export function setBuildInfo(metrics: Metrics, version: string, revision: string): void {
  const help = 'Version of the program and of its runtime; always 1.';
  const family = metrics.gauge('coredns_build_info', help, ['version', 'revision', 'goversion']);
  family.clear();
  family.with(version, revision, `node${process.versions.node}`).value = 1;
}
