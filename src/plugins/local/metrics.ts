/** The metric of `local`: CoreDNS's name. */
import type { Counter, Metrics } from '../../observe/metric-types.ts';

/** Counts names below `localhost.` and those with `localhost` in front. */
export const localMetrics = (metrics: Metrics): Counter =>
  metrics
    .counter('coredns_local_localhost_requests_total', 'Queries for names such as localhost.example.org.', [])
    .with();
