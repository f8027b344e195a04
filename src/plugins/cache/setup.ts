/** `cache`: reads the directive, keeps its stores across reloads that leave it as it is, and tells how large they are. */
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { CacheHandler } from './cache.ts';
import { cacheFacts } from './facts.ts';
import { cacheEntriesGauge, cacheMemoryGauges } from './metrics.ts';
import { readCacheOptions } from './options.ts';
import type { StaleOptions } from './options.ts';
import { CacheMemory } from './cache-memory.ts';
import type { CacheStores } from './store.ts';
import { StoresLease } from './stores-lease.ts';

export const cache: Plugin = {
  name: 'cache',
  setup(cursor, context): MakeHandler {
    const options = readCacheOptions(cursor, context);
    context.explain(cacheFacts(options));
    const zones = options.zones.map((zone) => zone.text).join(',');
    const lines = JSON.stringify({
      ...options,
      zones,
      success: storeKey(options.success),
      denial: storeKey(options.denial),
      stale: staleKey(options.stale),
    });
    const memory = context.processWide('cache memory', () => new CacheMemory());
    // The previous configuration may serve with the same ones, until this one does or after it has failed.
    const lease = context.carry(
      `cache ${lines}`,
      () =>
        new StoresLease(
          memory,
          options.success.capacity,
          options.denial.capacity,
          options.stale?.keepSeconds ?? 0,
        ),
    );
    const { stores } = lease;
    const reports = sizeReports(context, memory, stores, zones);
    let stopReports: (() => void) | undefined;
    context.onStart(() => {
      memory.limitOctets = context.cacheOctets();
      lease.begin();
      stopReports = context.metrics.beforeScrape(() => {
        reports.entries();
        reports.memory();
      });
    });
    context.onStop(() => {
      if (stopReports === undefined) return;
      stopReports();
      stopReports = undefined;
      lease.end();
      // With the last cache goes the last one who would say that its memory is free.
      reports.memory();
    });
    return (next) => new CacheHandler(next, options, memory, stores, context);
  },
};

function storeKey(store: { disabledZones: readonly { text: string }[]; capacity: number }): object {
  return { ...store, disabledZones: store.disabledZones.map((zone) => zone.text) };
}

const staleKey = (stale: StaleOptions | undefined): object | undefined =>
  stale && { ...stale, exceptZones: stale.exceptZones.map((zone) => zone.text) };

/** What brings the gauges of sizes up to date. */
function sizeReports(
  { metrics, servers }: SetupContext,
  memory: CacheMemory,
  { success, denial, failures }: CacheStores,
  zones: string,
): Record<'entries' | 'memory', () => void> {
  const entries = cacheEntriesGauge(metrics);
  const { usedOctets, limitOctets } = cacheMemoryGauges(metrics);
  return {
    entries: () => {
      for (const { label } of servers) {
        entries.with(label, 'success', zones, '').value = success.size;
        entries.with(label, 'denial', zones, '').value = denial.size + failures.size;
      }
    },
    memory: () => {
      usedOctets.value = memory.usedOctets;
      limitOctets.value = memory.limitOctets;
    },
  };
}
