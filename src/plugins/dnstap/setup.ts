/** `dnstap`: reads the directive, which may stand in a block several times. What it takes to do the work is loaded when the block starts. */
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { DnstapHandler, TapPlace } from './dnstap.ts';
import type { OpenTaps } from './open-taps.ts';
import { readTapOptions } from './options.ts';
import type { TapOptions } from './options.ts';

export const dnstap: Plugin = {
  name: 'dnstap',
  setup(cursor, context): MakeHandler {
    const lines: TapOptions[] = [];
    while (cursor.next()) lines.push(readTapOptions(cursor, context.log));
    if ((context.settings.workers ?? 1) > 1 && lines.some(({ listens }) => listens)) {
      // One process has the address, and knows of its own queries only.
      throw new RangeError('dnstap listen and multisocket exclude each other');
    }
    const place = new TapPlace();
    context.settings.exchangeObserver = place;
    let open: OpenTaps | undefined;
    context.onStart(async () => {
      const { openTaps } = await import('./open-taps.ts');
      open = openTaps(lines, context);
      place.tap = open.tap;
    });
    context.onStop(async () => {
      place.tap = undefined;
      await open?.close();
    });
    return (next) => new DnstapHandler(next, place);
  },
};
