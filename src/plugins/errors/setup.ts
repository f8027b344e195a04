/** `errors`: reads the directive. */
import { compilePattern } from '../../base/pattern.ts';
import type { MakeHandler, Plugin } from '../../chain/plugin.ts';
import { durationArgument, onlyOnce, optionalArgument, told } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import type { Log } from '../../observe/log-types.ts';
import { Consolidation } from './consolidation.ts';
import { ErrorsHandler } from './errors.ts';
import { LineBudget } from './line-budget.ts';
import { withheldLines } from './metrics.ts';

type Write = (line: string) => void;

const LEVELS: Readonly<Record<string, (log: Log) => Write>> = {
  warning: (log) => (line) => log.warn(line),
  error: (log) => (line) => log.error(line),
  info: (log) => (line) => log.info(line),
  debug: (log) => (line) => log.debug(line),
};
const DEFAULT_LEVEL = LEVELS.error;

export const errors: Plugin = {
  name: 'errors',
  setup(cursor, context): MakeHandler {
    cursor.next();
    const destination = optionalArgument(cursor);
    if (destination !== undefined && destination !== 'stdout') {
      throw cursor.error(`invalid log file: ${destination}`);
    }
    const consolidations: Consolidation[] = [];
    while (cursor.nextBlock()) {
      const field: string = cursor.value;
      // Stacks are logged in any case (serve/root-handler.ts).
      if (field === 'stacktrace') continue;
      if (field === 'consolidate') consolidations.push(readConsolidation(cursor, context.log));
      else throw cursor.syntaxError(`Unknown field ${field}`);
    }
    onlyOnce(cursor);
    const { log, metrics } = context;
    const budget = new LineBudget((line) => log.error(line), withheldLines(metrics));
    context.onStop(() => {
      budget.stop();
      for (const consolidation of consolidations) consolidation.stop();
    });
    return (next) => new ErrorsHandler(next, consolidations, budget, log);
  },
};

/** `consolidate DURATION REGEXP [LEVEL] [show_first]` */
function readConsolidation(cursor: Cursor, log: Log): Consolidation {
  const [duration, regexp, ...options] = cursor.remainingArgs();
  if (duration === undefined || regexp === undefined || options.length > 2) throw cursor.argError();
  const periodMs = durationArgument(cursor, duration);
  const pattern = told(
    cursor,
    () => compilePattern(regexp),
    (reason) => reason,
  );
  const { write, showFirst } = readOptions(cursor, options, log);
  return new Consolidation({ pattern, periodMs, write, showFirst });
}

function readOptions(
  cursor: Cursor,
  options: readonly string[],
  log: Log,
): { write: Write; showFirst: boolean } {
  let write: Write | undefined;
  let showFirst = false;
  for (const option of options) {
    if (option === 'show_first') {
      showFirst = true;
      continue;
    }
    if (!Object.hasOwn(LEVELS, option)) throw cursor.error(`unknown option in consolidate: ${option}`);
    if (write !== undefined) throw cursor.error('multiple log levels specified in consolidate');
    if (showFirst) throw cursor.error('log level must come before show_first in consolidate');
    write = LEVELS[option](log);
  }
  return { write: write ?? DEFAULT_LEVEL(log), showFirst };
}
