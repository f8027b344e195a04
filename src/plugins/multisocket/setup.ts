/** `multisocket`: how many processes answer on the same sockets' ports. Sets `settings.workers`; the processes are `workers/`'s task. */
import { availableParallelism } from 'node:os';
import { messageOf } from '../../base/error-message.ts';
import { parseInteger } from '../../base/integer.ts';
import type { Plugin } from '../../chain/plugin.ts';
import { optionalArgument } from '../../corefile/arguments.ts';

/** CoreDNS's limit. */
export const MOST_WORKERS = 1024;

export const multisocket: Plugin = {
  name: 'multisocket',
  setup(cursor, context) {
    cursor.next();
    const count = optionalArgument(cursor);
    if (cursor.next()) throw cursor.argError();
    context.settings.workers = count === undefined ? availableParallelism() : readCount(count);
    return undefined;
  },
};

function readCount(text: string): number {
  let count: number;
  try {
    count = parseInteger(text);
  } catch (error) {
    throw new RangeError(`invalid num sockets: ${messageOf(error)}`, { cause: error });
  }
  if (count < 1) throw new RangeError(`num sockets can not be zero or negative: ${count}`);
  if (count > MOST_WORKERS) throw new RangeError(`num sockets exceeds maximum (${MOST_WORKERS}): ${count}`);
  return count;
}
