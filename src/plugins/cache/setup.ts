/** `cache`: reads the directive, keeps the store across reloads that leave it as it is. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { CacheHandler } from './cache.ts';
import { cacheEntriesGauge } from './metrics.ts';
import { readCacheOptions } from './options.ts';
import { CacheMemory } from './cache-memory.ts';
import { StoresLease } from './stores-lease.ts';

export const cache: Plugin = {
  name: 'cache',
  setup(cursor, context): MakeHandler {
    const options = readCacheOptions(cursor, context);
    const zones = options.zones.map((zone) => zone.text).join(',');
    const lines = JSON.stringify({
      ...options,
      zones,
      success: storeKey(options.success),
      denial: storeKey(options.denial),
    });
    const memory = context.processWide('cache memory', () => new CacheMemory());
    // Found when the block begins to serve: the previous configuration still uses it until then.
    const lease = context.carry(
      `cache ${lines}`,
      () => new StoresLease(memory, options.success.capacity, options.denial.capacity),
    );
    const { stores } = lease;
    if (options.withoutEffect.length > 0) {
      const names = [...new Set(options.withoutEffect)].join(', ');
      context.onStart(() => context.log.warn(`accepted, but without effect in this version: ${names}`));
    }
    const gauge = cacheEntriesGauge(context.metrics);
    let forget: (() => void) | undefined;
    context.onStart(() => {
      memory.limitOctets = context.cacheOctets();
      lease.begin();
      forget = context.metrics.beforeScrape(() => {
        for (const { label } of context.servers) {
          gauge.with(label, 'success', zones, '').value = stores.success.size;
          gauge.with(label, 'denial', zones, '').value = stores.denial.size;
        }
      });
    });
    context.onStop(() => {
      if (forget === undefined) return;
      forget();
      forget = undefined;
      lease.end();
    });
    return (next) => new CacheHandler(next, options, memory, stores, context);
  },
};

function storeKey(store: { disabledZones: readonly { text: string }[]; capacity: number }): object {
  return { ...store, disabledZones: store.disabledZones.map((zone) => zone.text) };
}
