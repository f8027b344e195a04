/** `loop`: watches the upstreams of its block for loops. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { onlyOnce } from '../../corefile/arguments.ts';
import { LoopGuard, LoopHandler } from './loop.ts';

export const loop: Plugin = {
  name: 'loop',
  setup(cursor, context): MakeHandler {
    cursor.next();
    if (cursor.nextArg() || cursor.nextBlock()) throw cursor.argError();
    onlyOnce(cursor);
    const guard = new LoopGuard(context);
    context.onStart(() => guard.start());
    context.onStop(() => guard.stop());
    return (next) => new LoopHandler(next, guard);
  },
};
