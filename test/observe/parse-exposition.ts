/**
 * A strict reader of Prometheus's text format 0.0.4, for tests: everything that the format allows but a careful writer does not do is an
 * error here, such as series without a type, a family in two places, or a series twice.
 */

export interface ParsedFamily {
  readonly help: string;
  readonly type: string;
  readonly series: ParsedSeries[];
}

export interface ParsedSeries {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP_LINE = new RegExp(`^# HELP (${NAME}) (.*)$`, 's');
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SERIES_LINE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`, 's');
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/y;
const VALUE = /^(?:[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf)|Nan)$/;
const HISTOGRAM_SUFFIX = /_(?:bucket|sum|count)$/;

export function parseExposition(text: string): Map<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  if (!text.isWellFormed()) throw new Error('not encodable as UTF-8');
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let help: RegExpExecArray | null = null;
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const type = TYPE_LINE.exec(line);
    if (line.startsWith('# HELP ')) help = HELP_LINE.exec(line);
    else if (type !== null) {
      current = type[1];
      if (help === null || help[1] !== current) throw new Error(`no help before: ${line}`);
      if (families.has(current)) throw new Error(`family twice: ${line}`);
      families.set(current, { help: unescape(help[2]), type: type[2], series: [] });
    } else {
      const series = parseSeries(line);
      const family = families.get(current);
      const stem = family?.type === 'histogram' ? series.name.replace(HISTOGRAM_SUFFIX, '') : series.name;
      if (family === undefined || stem !== current) throw new Error(`outside its family: ${line}`);
      const identity = JSON.stringify([series.name, ...[...series.labels].flat()]);
      if (seen.has(identity)) throw new Error(`series twice: ${line}`);
      seen.add(identity);
      family.series.push(series);
    }
  }
  return families;
}

function parseSeries(line: string): ParsedSeries {
  const [, name, labels, value] = SERIES_LINE.exec(line) ?? [];
  if (name === undefined || !VALUE.test(value)) throw new Error(`no series: ${JSON.stringify(line)}`);
  return { name, labels: parseLabels(labels), value: Number(value.replace('Inf', 'Infinity')) };
}

function parseLabels(text = ''): Map<string, string> {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  for (let end = 0; end < text.length; end = LABEL.lastIndex) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || labels.has(name)) throw new Error(`bad labels: ${text}`);
    labels.set(name, unescape(value));
  }
  return labels;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
