/** `template`: reads all the directives of a block, patterns and templates included, so that whatever is wrong with them is told now. */
import { MAX_PATTERN_LENGTH, compilePattern } from '../../base/pattern.ts';
import type { Pattern } from '../../base/pattern.ts';
import { Fallthrough } from '../../chain/fallthrough.ts';
import type { MakeHandler, Plugin, SetupContext } from '../../chain/plugin.ts';
import { zonesFromArgs } from '../../chain/zones.ts';
import { nextArgument, someArguments, told } from '../../corefile/arguments.ts';
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
  const klass = classCode(nextArgument(cursor));
  if (klass === undefined) throw cursor.error(`invalid query class ${cursor.value}`);
  const type = typeCode(nextArgument(cursor));
  if (type === undefined) throw cursor.error(`invalid RR class ${cursor.value}`);
  const zoneArgs = cursor.remainingArgs();
  const zones = told(
    cursor,
    () => zonesFromArgs(zoneArgs, context),
    (reason) => reason,
  );
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
      options.patterns.push(...someArguments(cursor).map((source) => readPattern(cursor, source)));
      return;
    case 'answer':
    case 'authority':
    case 'additional':
      options.records.push(...someArguments(cursor).map((source) => readRecord(cursor, option, source)));
      return;
    case 'rcode':
      options.rcode = readRcode(cursor);
      return;
    case 'ederror':
      options.extendedError = readExtendedError(cursor);
      return;
    case 'fallthrough': {
      const zones = cursor.remainingArgs();
      options.fallthrough = told(
        cursor,
        () => Fallthrough.fromArgs(zones),
        (reason) => reason,
      );
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

function readPattern(cursor: Cursor, source: string): Pattern {
  const tooLong = source.length > MAX_PATTERN_LENGTH;
  return told(
    cursor,
    () => compilePattern(source),
    (reason) => (tooLong ? reason : `could not parse regex: ${source}, ${reason}`),
  );
}

function readRecord(cursor: Cursor, section: SectionName, source: string): RecordTemplate {
  return told(
    cursor,
    () => new RecordTemplate(section, source),
    (reason) => `could not compile template: ${source}, ${reason}`,
  );
}

function readRcode(cursor: Cursor): number {
  const name = nextArgument(cursor);
  // The second spelling is one that CoreDNS takes for the sake of old files.
  const rcode = name === 'NOTIMPL' ? NOTIMP : rcodeCode(name);
  if (rcode === undefined) throw cursor.error(`unknown rcode ${name}`);
  return rcode;
}

function readExtendedError(cursor: Cursor): ExtendedError {
  const args = cursor.remainingArgs();
  const [code, text = ''] = args;
  if (code === undefined || args.length > 2) throw cursor.argError();
  const value = told(
    cursor,
    () => parseUint(code, 10, 16),
    (reason) => `error parsing extended DNS error code ${code}, ${reason}`,
  );
  return { code: Number(value), text };
}
