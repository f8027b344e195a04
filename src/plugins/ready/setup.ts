/** `ready`: a page that says whether every plugin is ready to serve. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import type { HttpAnswer } from '../../observe/http-types.ts';
import { parseHttpAddress } from '../../observe/http-address.ts';

const DEFAULT_ADDRESS = ':8181';
const MODES: ReadonlySet<string> = new Set(['until-ready', 'continuously']);

export const ready: Plugin = {
  name: 'ready',
  setup(cursor, context): MakeHandler | undefined {
    let address = DEFAULT_ADDRESS;
    let continuously = false;
    cursor.next();
    const args = cursor.remainingArgs();
    if (args.length > 1) throw cursor.argError();
    if (args[0] !== undefined) address = args[0];
    parseHttpAddress(address);
    while (cursor.nextBlock()) {
      const property: string = cursor.value;
      if (property !== 'monitor') throw cursor.error(`unknown property '${property}'`);
      if (!cursor.nextArg()) throw cursor.argError();
      const mode: string = cursor.value;
      if (!MODES.has(mode)) throw cursor.error(`monitor type '${mode}' not supported`);
      continuously = mode === 'continuously';
    }
    if (cursor.next()) throw new RangeError('this plugin can only be used once per Server Block');

    let started = false;
    let stopping = false;
    let wasReady = false;
    context.onStart(() => void (started = true));
    context.onShutdown(() => void (stopping = true));
    context.http({
      address,
      path: '/ready',
      answer() {
        if (stopping) return page(503, 'Shutting down');
        if (wasReady && !continuously) return page(200, 'OK');
        const missing = started ? context.notReady() : ['serve'];
        if (missing.length > 0) return page(503, missing.join(','));
        wasReady = true;
        return page(200, 'OK');
      },
    });
    return undefined;
  },
};

const page = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});
