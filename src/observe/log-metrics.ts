/** What the log tells of itself. */
import type { Metrics } from './metric-types.ts';
import type { LogRing } from './ring.ts';

/**
 * `nodelocaldns_log_dropped_total`: log lines lost because nobody reads them, or not fast enough.
 *
 * @returns how to stop bringing it up to date
 */
export function countDroppedLines(metrics: Metrics, ring: LogRing): () => void {
  const help = 'Log lines dropped because their reader does not keep up.';
  const dropped = metrics.counter('nodelocaldns_log_dropped_total', help).with();
  return metrics.beforeScrape(() => {
    dropped.value = ring.dropped;
  });
}
