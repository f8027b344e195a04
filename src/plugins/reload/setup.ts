/** `reload`: how often the Corefile is looked at. Sets `settings.reload`; the watching is done by `serve/reload-watch.ts`. */
import type { Plugin } from '../../chain/plugin.ts';
import { durationArgument } from '../../corefile/arguments.ts';

export const DEFAULT_INTERVAL_MS = 30_000;
export const DEFAULT_JITTER_MS = 15_000;
export const MIN_INTERVAL_MS = 2_000;
/** A jitter is 0 or at least this. */
export const MIN_JITTER_MS = 1_000;

export const reload: Plugin = {
  name: 'reload',
  setup(cursor, context) {
    let intervalMs = DEFAULT_INTERVAL_MS;
    let jitterMs = DEFAULT_JITTER_MS;
    while (cursor.next()) {
      const args = cursor.remainingArgs();
      if (args.length > 2) throw cursor.argError();
      if (args[0] !== undefined) intervalMs = durationArgument(cursor, args[0]);
      if (args[1] !== undefined) jitterMs = durationArgument(cursor, args[1]);
    }
    if (intervalMs < MIN_INTERVAL_MS) {
      throw cursor.error('interval value must be greater or equal to 2s');
    }
    if (jitterMs !== 0 && jitterMs < MIN_JITTER_MS) {
      throw cursor.error('jitter value must be 0 or greater or equal to 1s');
    }
    context.settings.reload = { intervalMs, jitterMs: Math.min(jitterMs, intervalMs / 2) };
    return undefined;
  },
};
