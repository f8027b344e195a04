/** `whoami`: reads the directive, which has nothing to set. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { noArguments } from '../../corefile/arguments.ts';
import { WhoamiHandler } from './whoami.ts';

export const whoami: Plugin = {
  name: 'whoami',
  setup(cursor): MakeHandler {
    while (cursor.next()) noArguments(cursor);
    return () => new WhoamiHandler();
  },
};
