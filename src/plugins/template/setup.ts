/** `template`: reads all the directives of a block, patterns and templates included, so that whatever is wrong with them is told now. */
import { messageOf } from '../../base/error-message.ts';
import { MAX_PATTERN_LENGTH, compilePattern } from '../../base/pattern.ts';
import type { Pattern } from '../../base/pattern.ts';
import { Fallthrough } from '../../chain/fallthrough.ts';
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { zonesFromArgs } from '../../chain/zones.ts';
import type { Cursor } from '../../corefile/cursor.ts';
import type { ExtendedError } from '../../wire/edns.ts';
import { NOERROR, NOTIMP, classCode, rcodeCode, typeCode } from '../../wire/registry.ts';
import { TemplateMetrics } from './metrics.ts';
import { parseUint } from './parse-uint.ts';
import { RecordTemplate } from './record-template.ts';
import type { SectionName } from './record-template.ts';
import type { Rule } from './rule.ts';
import { TemplateHandler } from './template.ts';

/** Options of CoreDNS 1.14 that evaluate expressions; refused by name, so that nobody looks for a spelling mistake. */
const UNSUPPORTED_OPTIONS: ReadonlySet<string> = new Set(['var', 'expr']);

/** What the block of a directive says. */
interface RuleOptions {
  patterns: Pattern[];
  records: RecordTemplate[];
  rcode: number;
  extendedError: ExtendedError | undefined;
  fallthrough: Fallthrough;
}

export const template: Plugin = {
  name: 'template',
  setup(cursor, context): MakeHandler {
    const rules: Rule[] = [];
    while (cursor.next()) rules.push(readRule(cursor, context));
    const metrics = new TemplateMetrics(context.metrics);
    return (next) =>
      new TemplateHandler(next, rules, metrics, (query, question) => context.resolve(query, question));
  },
};

function readRule(cursor: Cursor, context: SetupContext): Rule {
  const klass = classCode(readArg(cursor));
  if (klass === undefined) throw cursor.error(`invalid query class ${cursor.value}`);
  const type = typeCode(readArg(cursor));
  if (type === undefined) throw cursor.error(`invalid RR class ${cursor.value}`);
  const zoneArgs = cursor.remainingArgs();
  const zones = told(cursor, '', () => zonesFromArgs(zoneArgs, context));
  const options: RuleOptions = {
    patterns: [],
    records: [],
    rcode: NOERROR,
    extendedError: undefined,
    fallthrough: Fallthrough.NEVER,
  };
  while (cursor.nextBlock()) readOption(cursor, options);
  const records = options.records.toSorted((a, b) => a.section - b.section);
  return { ...options, records, zones, class: klass, type };
}

function readOption(cursor: Cursor, options: RuleOptions): void {
  const option = cursor.value;
  switch (option) {
    case 'match':
      options.patterns.push(...readArgs(cursor).map((source) => readPattern(cursor, source)));
      return;
    case 'answer':
    case 'authority':
    case 'additional':
      options.records.push(...readArgs(cursor).map((source) => readRecord(cursor, option, source)));
      return;
    case 'rcode':
      options.rcode = readRcode(cursor);
      return;
    case 'ederror':
      options.extendedError = readExtendedError(cursor);
      return;
    case 'fallthrough': {
      const zones = cursor.remainingArgs();
      options.fallthrough = told(cursor, '', () => Fallthrough.fromArgs(zones));
      return;
    }
    case 'upstream':
      // Without effect in CoreDNS as well, where it once named resolvers.
      cursor.remainingArgs();
      return;
    default:
      if (UNSUPPORTED_OPTIONS.has(option)) throw cursor.error(`the option ${option} is not supported`);
      throw cursor.argError();
  }
}

function readArg(cursor: Cursor): string {
  if (!cursor.nextArg()) throw cursor.argError();
  return cursor.value;
}

function readArgs(cursor: Cursor): string[] {
  const args = cursor.remainingArgs();
  if (args.length === 0) throw cursor.argError();
  return args;
}

function readPattern(cursor: Cursor, source: string): Pattern {
  const tooLong = source.length > MAX_PATTERN_LENGTH;
  return told(cursor, tooLong ? '' : `could not parse regex: ${source}, `, () => compilePattern(source));
}

function readRecord(cursor: Cursor, section: SectionName, source: string): RecordTemplate {
  return told(cursor, `could not compile template: ${source}, `, () => new RecordTemplate(section, source));
}

function readRcode(cursor: Cursor): number {
  const name = readArg(cursor);
  // The second spelling is one that CoreDNS takes for the sake of old files.
  const rcode = name === 'NOTIMPL' ? NOTIMP : rcodeCode(name);
  if (rcode === undefined) throw cursor.error(`unknown rcode ${name}`);
  return rcode;
}

function readExtendedError(cursor: Cursor): ExtendedError {
  const args = cursor.remainingArgs();
  const [code, text = ''] = args;
  if (code === undefined || args.length > 2) throw cursor.argError();
  const read = (): bigint => parseUint(code, 10, 16);
  return { code: Number(told(cursor, `error parsing extended DNS error code ${code}, `, read)), text };
}

/** What `read` gives; what it throws becomes an error with file and line, after `prefix`. */
function told<Value>(cursor: Cursor, prefix: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw cursor.error(prefix + messageOf(cause));
  }
}
