/** `timeouts`: how long a client's TCP connection may take, and how many queries it may bring. Sets `settings.timeouts`; has no handler. */
import { formatDuration, parseDuration } from '../../base/duration.ts';
import type { Plugin, TcpTimeouts } from '../../chain/plugin.ts';
import { integerArgument, oneArgument, told } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';

export const MIN_TIMEOUT_MS = 1_000;
export const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1_000;
/** Of `maxtcpqueries`: no limit. */
const UNLIMITED = -1;

export const timeouts: Plugin = {
  name: 'timeouts',
  setup(cursor, context) {
    const given: TcpTimeouts = {};
    while (cursor.next()) {
      if (cursor.remainingArgs().length > 0) throw cursor.argError();
      let options = 0;
      for (; cursor.nextBlock(); options++) readOption(cursor, given);
      if (options === 0) throw cursor.error('timeouts block with no timeouts specified');
    }
    context.settings.timeouts = given;
    return undefined;
  },
};

function readOption(cursor: Cursor, given: TcpTimeouts): void {
  const option = cursor.value;
  switch (option) {
    case 'read':
      given.readMs = readTimeout(cursor);
      return;
    case 'write':
      given.writeMs = readTimeout(cursor);
      return;
    case 'idle':
      given.idleMs = readTimeout(cursor);
      return;
    case 'maxtcpqueries':
      given.maxQueries = readMaxQueries(cursor);
      return;
    default:
      throw cursor.error(`unknown option: '${option}'`);
  }
}

/** Here alone a number without a unit is one of seconds. */
function readTimeout(cursor: Cursor): number {
  const text = oneArgument(cursor);
  const ms = told(
    cursor,
    () => parseDuration(/^[-+]?[0-9]+$/.test(text) ? `${text}s` : text),
    () => `failed to parse duration '${text}'`,
  );
  if (ms < MIN_TIMEOUT_MS || ms > MAX_TIMEOUT_MS) {
    throw cursor.error(`timeout provided '${formatDuration(ms)}' needs to be between 1 second and 24 hours`);
  }
  return ms;
}

function readMaxQueries(cursor: Cursor): number {
  const queries = integerArgument(cursor, oneArgument(cursor));
  if (queries === UNLIMITED) return Infinity;
  if (queries < 1) throw cursor.error('maxtcpqueries must be a positive integer or -1');
  return queries;
}
