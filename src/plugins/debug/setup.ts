/** `debug`: debug lines come out. Sets `settings.debug`; has no handler. */
import type { Plugin } from '../../chain/plugin.ts';

export const debug: Plugin = {
  name: 'debug',
  setup(cursor, context) {
    while (cursor.next()) {
      if (cursor.nextArg() || cursor.nextBlock()) throw cursor.argError();
    }
    context.settings.debug = true;
    return undefined;
  },
};
