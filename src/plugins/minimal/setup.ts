/** `minimal`: reads the directive, which has nothing to set. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { noArguments } from '../../corefile/arguments.ts';
import { MinimalHandler } from './minimal.ts';

export const minimal: Plugin = {
  name: 'minimal',
  setup(cursor): MakeHandler {
    while (cursor.next()) noArguments(cursor);
    return (next) => new MinimalHandler(next);
  },
};
