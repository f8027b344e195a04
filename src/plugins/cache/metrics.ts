/**
 * The metrics of the cache: CoreDNS's names and labels, one set of series for each server that the block is served on; and the memory that
 * all caches of the process share, which CoreDNS has no name for.
 */
import type { Counter, Family, Gauge, Metrics } from '../../observe/metric-types.ts';
import type { CacheOptions } from './options.ts';

export interface CacheSeries {
  readonly requests: Counter;
  readonly misses: Counter;
  readonly successHits: Counter;
  readonly denialHits: Counter;
  readonly drops: Counter;
  /** Of caches that have one or the other alone. */
  readonly prefetches: Counter;
  readonly servedStale: Counter;
  readonly successEvictions: Counter;
  readonly denialEvictions: Counter;
}

type RefreshOptions = Pick<CacheOptions, 'prefetch' | 'stale'>;

/** @param zones comma-joined zones of the cache, in the order of the configuration. */
export function cacheSeries(
  metrics: Metrics,
  server: string,
  zones: string,
  options: RefreshOptions,
): CacheSeries {
  const labels = ['server', 'zones', 'view'];
  const typed = ['server', 'type', 'zones', 'view'];
  const hits = metrics.counter('coredns_cache_hits_total', 'Answers given from the cache.', typed);
  const evictions = metrics.counter(
    'coredns_cache_evictions_total',
    'Answers that left the cache to make room.',
    typed,
  );
  return {
    requests: metrics
      .counter('coredns_cache_requests_total', 'Questions looked up in the cache.', labels)
      .with(server, zones, ''),
    misses: metrics
      .counter('coredns_cache_misses_total', 'Questions that the cache had no answer to.', labels)
      .with(server, zones, ''),
    drops: metrics
      .counter('coredns_cache_drops_total', 'Answers not kept since they answer another question.', labels)
      .with(server, zones, ''),
    ...refreshSeries(metrics, server, zones, options),
    successHits: hits.with(server, 'success', zones, ''),
    denialHits: hits.with(server, 'denial', zones, ''),
    successEvictions: evictions.with(server, 'success', zones, ''),
    denialEvictions: evictions.with(server, 'denial', zones, ''),
  };
}

/** As CoreDNS shows them: where they are in use. */
function refreshSeries(
  metrics: Metrics,
  server: string,
  zones: string,
  { prefetch, stale }: RefreshOptions,
): Pick<CacheSeries, 'prefetches' | 'servedStale'> {
  const counter = (isInUse: boolean, name: string, help: string): Counter =>
    isInUse ? metrics.counter(name, help, ['server', 'zones', 'view']).with(server, zones, '') : { value: 0 };
  return {
    prefetches: counter(
      prefetch !== undefined || stale !== undefined,
      'coredns_cache_prefetch_total',
      'Answers that were asked for again while the old one was given.',
    ),
    servedStale: counter(
      stale !== undefined,
      'coredns_cache_served_stale_total',
      'Answers given after they had expired.',
    ),
  };
}

export function cacheEntriesGauge(metrics: Metrics): Family<Gauge> {
  return metrics.gauge('coredns_cache_entries', 'Answers in the cache, expired ones included.', [
    'server',
    'type',
    'zones',
    'view',
  ]);
}

export interface MemoryGauges {
  readonly usedOctets: Gauge;
  readonly limitOctets: Gauge;
}

/** One series each, whatever the number of blocks: the memory is the process's. */
export function cacheMemoryGauges(metrics: Metrics): MemoryGauges {
  const used = 'Octets of memory that the answers of all caches take, expired ones included.';
  const limit = 'Octets of memory that the answers of all caches may take together.';
  return {
    usedOctets: metrics.gauge('nodelocaldns_cache_memory_bytes', used).with(),
    limitOctets: metrics.gauge('nodelocaldns_cache_memory_limit_bytes', limit).with(),
  };
}
