/** `local`: reads the directive. */
import { goQuote } from '../../base/go-quote.ts';
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { oneArgument, unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { LocalHandler } from './local.ts';
import { localMetrics } from './metrics.ts';

export const local: Plugin = {
  name: 'local',
  setup(cursor, context): MakeHandler {
    let answersPrefix = true;
    while (cursor.next()) {
      if (cursor.remainingArgs().length > 0) throw cursor.argError();
      while (cursor.nextBlock()) {
        if (cursor.value !== 'localhost_prefix') throw unknownProperty(cursor);
        answersPrefix = readSwitch(cursor);
      }
    }
    const metrics = localMetrics(context.metrics);
    return (next) => new LocalHandler(next, answersPrefix, metrics);
  },
};

function readSwitch(cursor: Cursor): boolean {
  const word = oneArgument(cursor);
  if (word !== 'on' && word !== 'off') {
    throw cursor.error(`localhost_prefix expects 'on' or 'off', got ${goQuote(word)}`);
  }
  return word === 'on';
}
