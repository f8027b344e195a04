/** `log`: reads the directive, which may stand in a block several times. */
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import type { Zone } from '../../chain/identity.ts';
import { COMMON_FORMAT, compileFormat } from '../../chain/query-format.ts';
import { namedZones } from '../../chain/zones.ts';
import { unknownProperty } from '../../corefile/arguments.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import { answerClass } from './answer-class.ts';
import type { AnswerClass } from './answer-class.ts';
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

/** @returns undefined for all classes. */
function readClasses(cursor: Cursor): ReadonlySet<AnswerClass> | undefined {
  const classes = new Set<AnswerClass>();
  let all = false;
  while (cursor.nextBlock()) {
    if (cursor.value !== 'class') throw unknownProperty(cursor);
    const names = cursor.remainingArgs();
    if (names.length === 0) throw cursor.argError();
    for (const name of names) {
      const known = answerClass(name);
      if (known !== undefined) classes.add(known);
      else if (name === ALL_CLASSES) all = true;
      else throw cursor.error(`invalid Class: ${name}`);
    }
  }
  return all || classes.size === 0 ? undefined : classes;
}
