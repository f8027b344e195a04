/** `log`: reads the directive, which may stand in a block several times. */
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import type { Zone } from '../../chain/identity.ts';
import { namedZones } from '../../chain/zones.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { CLASS_NAMES } from './answer-class.ts';
import type { AnswerClass } from './answer-class.ts';
import { COMMON_FORMAT, compileFormat } from './format.ts';
import { LogHandler } from './log.ts';
import type { LogRule } from './log.ts';

const ALL_CLASSES = 'all';

export const log: Plugin = {
  name: 'log',
  setup(cursor, context): MakeHandler {
    const rules: LogRule[] = [];
    while (cursor.next()) rules.push(readRule(cursor, context));
    return (next) => new LogHandler(next, rules, context);
  },
};

/** `log [NAME...] [FORMAT]`, of which a lone argument is always a name. */
function readRule(cursor: Cursor, context: SetupContext): LogRule {
  const names = cursor.remainingArgs();
  const hasFormat = names.length > 1 && names.at(-1)?.includes('{') === true;
  const format = compileFormat((hasFormat ? names.pop() : undefined) ?? COMMON_FORMAT);
  const zones =
    names.length === 0 ? namedZones(['.']) : names.flatMap((name) => zoneOf(name, cursor, context));
  return { zones, format, classes: readClasses(cursor) };
}

/** CoreDNS takes anything for a name, and one that cannot be asked for is a rule without effect; here somebody is told. */
function zoneOf(name: string, cursor: Cursor, context: SetupContext): Zone[] {
  const place = `${cursor.file}:${cursor.line}`;
  if (name.includes('{')) {
    context.log.warn(
      `${place}: '${name}' is taken for a name; a format needs one in front of it, such as "."`,
    );
  }
  try {
    return namedZones([name]);
  } catch {
    context.log.warn(`${place}: '${name}' is no name, so nothing is logged for it`);
    return [];
  }
}

function readClasses(cursor: Cursor): ReadonlySet<AnswerClass> | undefined {
  const names = new Set<string>();
  while (cursor.nextBlock()) {
    const property: string = cursor.value;
    if (property !== 'class') throw cursor.error(`unknown property '${property}'`);
    const args = cursor.remainingArgs();
    if (args.length === 0) throw cursor.argError();
    for (const name of args) {
      if (!CLASS_NAMES.has(name)) throw cursor.error(`invalid Class: ${name}`);
      names.add(name);
    }
  }
  return names.size === 0 || names.has(ALL_CLASSES) ? undefined : (names as ReadonlySet<AnswerClass>);
}
