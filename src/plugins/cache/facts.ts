/** What a `cache` directive means, for whoever explains a Corefile. */
import type { CacheFacts, StoreFacts } from '../../chain/facts.ts';
import type { CacheOptions, StoreOptions } from './options.ts';

export const cacheFacts = (options: CacheOptions): CacheFacts => ({
  kind: 'cache',
  zones: options.zones.map(({ text }) => text),
  success: storeFacts(options.success),
  denial: storeFacts(options.denial),
  failureSeconds: options.servfailSeconds,
  staleSeconds: options.stale?.keepSeconds ?? 0,
  prefetches: options.prefetch !== undefined,
});

const storeFacts = ({ capacity, minTtlSeconds, maxTtlSeconds, disabledZones }: StoreOptions): StoreFacts => ({
  capacity,
  minTtlSeconds,
  maxTtlSeconds,
  disabledZones: disabledZones.map(({ text }) => text),
});
