/** `minimal`: reads the directive, which has nothing to set. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { MinimalHandler } from './minimal.ts';

export const minimal: Plugin = {
  name: 'minimal',
  setup(cursor): MakeHandler {
    while (cursor.next()) {
      if (cursor.nextArg()) throw cursor.argError();
    }
    return (next) => new MinimalHandler(next);
  },
};
