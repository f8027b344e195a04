/** The metrics of upstreams: CoreDNS's `coredns_proxy_*`, as its `forward` plugin fills them, and our own count of forgeries. */
import { TIME_BUCKETS } from '../observe/buckets.ts';
import type { Counter, Histogram, Metrics } from '../observe/metric-types.ts';
import { rcodeName } from '../wire/registry.ts';

/** The plugin on whose behalf upstreams are asked, as `proxy_name` says. */
const PROXY_NAME = 'forward';

/** How often a query found a connection to go out on. */
export interface ConnectionSeries {
  readonly hits: Counter;
  readonly misses: Counter;
}

/** The same of streams, and what became of them. */
export interface StreamSeries extends ConnectionSeries {
  /** Connections that gave no answer for a while. */
  readonly silences: Counter;
  /** Queries that were asked on a second connection because of that. */
  readonly moves: Counter;
}

/** The series of one upstream. */
export interface UpstreamSeries {
  readonly healthCheckFailures: Counter;
  readonly mismatchedReplies: Counter;
  connections(proto: 'udp' | 'tcp' | 'tcp-tls'): StreamSeries;
  /** Shows the smoothed time of answers at each scrape. Returns how to end that. */
  showRoundTrip(seconds: () => number): () => void;
  /** The duration histogram of an rcode of up to 12 bits. */
  duration(rcode: number): Histogram;
}

/** The families that all upstreams share. */
export interface UpstreamMetrics {
  /** @param label the upstream's `ip:port` */
  of(label: string): UpstreamSeries;
}

export function upstreamMetrics(metrics: Metrics): UpstreamMetrics {
  const durations = metrics.histogram(
    'coredns_proxy_request_duration_seconds',
    'Histogram of the time each request took.',
    ['proxy_name', 'to', 'rcode'],
    TIME_BUCKETS,
  );
  const healthCheckFailures = metrics.counter(
    'coredns_proxy_healthcheck_failures_total',
    'Counter of the number of failed healthchecks.',
    ['proxy_name', 'to'],
  );
  const hits = metrics.counter(
    'coredns_proxy_conn_cache_hits_total',
    'Counter of queries that found a kept connection to the upstream.',
    ['proxy_name', 'to', 'proto'],
  );
  const misses = metrics.counter(
    'coredns_proxy_conn_cache_misses_total',
    'Counter of queries that had to wait for a new connection to the upstream.',
    ['proxy_name', 'to', 'proto'],
  );
  const mismatched = metrics.counter(
    'nodelocaldns_upstream_mismatched_replies_total',
    'Counter of messages from the upstream that were no reply to any question on the way.',
    ['to'],
  );
  const silences = metrics.counter(
    'nodelocaldns_upstream_silent_connections_total',
    'Counter of connections and UDP sockets on which no answer came for 0.3 s though queries waited.',
    ['to'],
  );
  const moves = metrics.counter(
    'nodelocaldns_upstream_moved_queries_total',
    'Counter of queries that were asked on another connection or UDP socket since theirs was of no use.',
    ['to'],
  );
  const roundTrip = metrics.gauge(
    'nodelocaldns_upstream_round_trip_seconds',
    'Smoothed time that the upstream takes to answer.',
    ['to'],
  );
  return {
    of: (label) => ({
      showRoundTrip: (seconds) =>
        metrics.beforeScrape(() => {
          roundTrip.with(label).value = seconds();
        }),
      healthCheckFailures: healthCheckFailures.with(PROXY_NAME, label),
      mismatchedReplies: mismatched.with(label),
      connections: (proto) => ({
        hits: hits.with(PROXY_NAME, label, proto),
        misses: misses.with(PROXY_NAME, label, proto),
        silences: silences.with(label),
        moves: moves.with(label),
      }),
      duration: durationsByRcode((rcode) => durations.with(PROXY_NAME, label, rcode)),
    }),
  };
}

/** For questions of our own, which are not to be taken for those of clients. */
export const UNCOUNTED: UpstreamMetrics = {
  of: () => ({
    healthCheckFailures: { value: 0 },
    mismatchedReplies: { value: 0 },
    connections: () => ({
      hits: { value: 0 },
      misses: { value: 0 },
      silences: { value: 0 },
      moves: { value: 0 },
    }),
    showRoundTrip: () => () => undefined,
    duration: () => ({ observe: () => undefined }),
  }),
};

/** A series is made when an rcode first occurs, and found by number afterwards. */
function durationsByRcode(make: (label: string) => Histogram): (rcode: number) => Histogram {
  const known = new Map<number, Histogram>();
  return (rcode) => {
    const found = known.get(rcode);
    if (found !== undefined) return found;
    const made = make(rcodeLabel(rcode));
    known.set(rcode, made);
    return made;
  };
}

/** CoreDNS gives an unknown rcode its number. Of those, only the ones that fit a header get a series, lest an upstream make thousands. */
const rcodeLabel = (rcode: number): string => rcodeName(rcode) ?? (rcode <= 0xf ? String(rcode) : 'other');
