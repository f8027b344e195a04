/** `whoami`: reads the directive, which has nothing to set. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { WhoamiHandler } from './whoami.ts';

export const whoami: Plugin = {
  name: 'whoami',
  setup(cursor): MakeHandler {
    while (cursor.next()) {
      if (cursor.nextArg()) throw cursor.argError();
    }
    return () => new WhoamiHandler();
  },
};
