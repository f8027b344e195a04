/** `ready`: a page that says whether every plugin is ready to serve. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { nextArgument, onlyOnce, optionalArgument, unknownProperty } from '../../corefile/arguments.ts';
import type { HttpAnswer } from '../../observe/http-types.ts';
import { parseHttpAddress } from '../../observe/http-address.ts';

const DEFAULT_ADDRESS = ':8181';
const MODES: ReadonlySet<string> = new Set(['until-ready', 'continuously']);

export const ready: Plugin = {
  name: 'ready',
  setup(cursor, context): MakeHandler | undefined {
    let continuously = false;
    cursor.next();
    const address = optionalArgument(cursor) ?? DEFAULT_ADDRESS;
    parseHttpAddress(address);
    while (cursor.nextBlock()) {
      if (cursor.value !== 'monitor') throw unknownProperty(cursor);
      const mode = nextArgument(cursor);
      if (!MODES.has(mode)) throw cursor.error(`monitor type '${mode}' not supported`);
      continuously = mode === 'continuously';
    }
    onlyOnce(cursor);

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
