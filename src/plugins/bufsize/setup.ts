/** `bufsize`: reads the directive. */
import { parseInteger } from '../../base/integer.ts';
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { optionalArgument } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { DEFAULT_UDP_PAYLOAD } from '../../wire/edns.ts';
import { BufsizeHandler } from './bufsize.ts';

/** In octets. */
export const MIN_SIZE = 512;
export const MAX_SIZE = 4096;

export const bufsize: Plugin = {
  name: 'bufsize',
  setup(cursor): MakeHandler {
    cursor.next();
    const size = optionalArgument(cursor);
    const octets = size === undefined ? DEFAULT_UDP_PAYLOAD : readSize(size, cursor);
    // Of several lines the first one counts, as in CoreDNS.
    return (next) => new BufsizeHandler(next, octets);
  },
};

function readSize(text: string, cursor: Cursor): number {
  let octets = 0;
  try {
    octets = parseInteger(text);
  } catch {
    // The same message as for a number out of range.
  }
  if (octets < MIN_SIZE || octets > MAX_SIZE) throw cursor.argError();
  return octets;
}
