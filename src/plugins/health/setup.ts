/**
 * `health`: a page that answers as long as the process turns, and the wait before a planned stop. The page is asked by the plugin itself
 * once a second, so that a slow event loop shows in a metric.
 */
import { parseDuration } from '../../base/duration.ts';
import type { Plugin } from '../../chain/plugin.ts';
import { nextArgument, optionalArgument, told, unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { parseHttpAddress } from '../../observe/http-address.ts';
import { SelfProbe } from './self-probe.ts';

const DEFAULT_ADDRESS = ':8080';

export const health: Plugin = {
  name: 'health',
  setup(cursor, context) {
    let address = DEFAULT_ADDRESS;
    while (cursor.next()) {
      address = optionalArgument(cursor) ?? address;
      parseHttpAddress(address);
      while (cursor.nextBlock()) context.settings.lameduckMs = readLameduck(cursor);
    }
    context.http({
      address,
      path: '/health',
      answer: () => ({ status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' }),
    });
    if (!context.opensPages) return undefined;
    const probe = new SelfProbe(parseHttpAddress(address), context);
    context.onStart(() => probe.start());
    context.onStop(() => probe.stop());
    return undefined;
  },
};

function readLameduck(cursor: Cursor): number {
  if (cursor.value !== 'lameduck') throw unknownProperty(cursor);
  const text = nextArgument(cursor);
  return told(
    cursor,
    () => parseDuration(text),
    (reason) => `unable to parse lameduck duration value: '${text}' : ${reason}`,
  );
}
