/** `cache`: reads the directive, keeps the store across reloads that leave it as it is. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { CacheHandler } from './cache.ts';
import { cacheEntriesGauge } from './metrics.ts';
import { readCacheOptions } from './options.ts';
import { CacheStore } from './store.ts';

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
    // Found when the block begins to serve: the previous configuration still uses it until then.
    const store = context.carry(
      `cache ${lines}`,
      () => new CacheStore(options.success.capacity, options.denial.capacity),
    );
    if (options.withoutEffect.length > 0) {
      const names = [...new Set(options.withoutEffect)].join(', ');
      context.onStart(() => context.log.warn(`accepted, but without effect in this version: ${names}`));
    }
    const gauge = cacheEntriesGauge(context.metrics);
    let forget: (() => void) | undefined;
    context.onStart(() => {
      forget = context.metrics.beforeScrape(() => {
        for (const { label } of context.servers) {
          gauge.with(label, 'success', zones, '').value = store.success.size;
          gauge.with(label, 'denial', zones, '').value = store.denial.size;
        }
      });
    });
    context.onStop(() => forget?.());
    return (next) => new CacheHandler(next, options, store, context);
  },
};

function storeKey(store: { disabledZones: readonly { text: string }[]; capacity: number }): object {
  return { ...store, disabledZones: store.disabledZones.map((zone) => zone.text) };
}
