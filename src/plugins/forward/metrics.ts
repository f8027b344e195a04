/** The metrics of forwarding as a whole; those of each upstream are the upstream room's. */
import type { Counter, Metrics } from '../../observe/metric-types.ts';

export interface ForwardMetrics {
  readonly allUpstreamsDown: Counter;
  readonly concurrencyRejects: Counter;
  /** Questions for whose exchange there was no time. */
  readonly overloadRejects: Counter;
  /** Questions asked of a second upstream while the first one was slow. */
  readonly hedges: Counter;
}

/** Times that the addresses of a host name could not be looked up; only for those who have one. */
export const nameLookupFailures = (metrics: Metrics): Counter =>
  metrics
    .counter(
      'nodelocaldns_forward_name_lookup_failures_total',
      'Lookups of the addresses of upstreams that are host names which found none.',
    )
    .with();

export function forwardMetrics(metrics: Metrics): ForwardMetrics {
  return {
    allUpstreamsDown: metrics
      .counter('coredns_forward_healthcheck_broken_total', 'Times at which every upstream was found down.')
      .with(),
    concurrencyRejects: metrics
      .counter('coredns_forward_max_concurrent_rejects_total', 'Queries refused at max_concurrent.')
      .with(),
    overloadRejects: metrics
      .counter(
        'nodelocaldns_forward_overload_rejects_total',
        'Queries refused since too many wait to be asked upstream.',
      )
      .with(),
    hedges: metrics
      .counter(
        'nodelocaldns_forward_hedges_total',
        'Queries asked of a second upstream while the first one was slow.',
      )
      .with(),
  };
}
