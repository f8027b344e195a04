/** The metric of *errors*, which CoreDNS has none for. */
import type { Counter, Metrics } from '../../observe/metric-types.ts';

export const withheldLines = (metrics: Metrics): Counter =>
  metrics
    .counter(
      'nodelocaldns_error_lines_withheld_total',
      'Errors that were counted instead of logged one by one, since there were many.',
    )
    .with();
