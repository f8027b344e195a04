// The functions that templates may call: Go's own, without those that escape for HTML, JavaScript and URLs, and `parseInt`.
// `and` and `or` are not here: they do not look at all of their arguments, so the parser knows them.

import { parseUint } from './parse-uint.ts';
import { parseFormat, printf } from './go-printf.ts';
import { compare, equal, isList, isMap, isTrue, print, typeOf } from './go-value.ts';
import type { Value } from './go-value.ts';

export interface GoFunction {
  readonly fewest: number;
  readonly most: number;
  /** @throws {RangeError} for arguments that it cannot work with */
  call(args: readonly Value[]): Value;
}

const row = (fewest: number, most: number, call: GoFunction['call']): GoFunction => ({ fewest, most, call });

export const FUNCTIONS: ReadonlyMap<string, GoFunction> = new Map([
  ['not', row(1, 1, ([value]) => !isTrue(value))],
  ['eq', row(2, Infinity, ([first, ...others]) => others.some((other) => equal(first, other)))],
  ['ne', row(2, 2, ([a, b]) => !equal(a, b))],
  ['lt', row(2, 2, ([a, b]) => compare(a, b) < 0)],
  ['le', row(2, 2, ([a, b]) => compare(a, b) <= 0)],
  ['gt', row(2, 2, ([a, b]) => compare(a, b) > 0)],
  ['ge', row(2, 2, ([a, b]) => compare(a, b) >= 0)],
  ['len', row(1, 1, ([value]) => length(value))],
  ['index', row(1, Infinity, ([item, ...keys]) => keys.reduce(index, item))],
  ['slice', row(1, 3, ([item, from, to]) => slice(item, from, to))],
  ['print', row(0, Infinity, printAll)],
  ['println', row(0, Infinity, (args) => `${args.map(print).join(' ')}\n`)],
  ['printf', row(1, Infinity, ([format, ...args]) => printf(parseFormat(text('printf', format)), args))],
  [
    'parseInt',
    row(3, 3, ([digits, base, bits]) =>
      parseUint(text('parseInt', digits), int('parseInt', base), int('parseInt', bits)),
    ),
  ],
]);

function text(name: string, value: Value): string {
  if (typeof value === 'string') return value;
  throw new RangeError(`${name} wants a string, found a value of type ${typeOf(value)}`);
}

function int(name: string, value: Value): number {
  if (typeof value === 'bigint') return Number(value);
  throw new RangeError(`${name} wants an integer, found a value of type ${typeOf(value)}`);
}

function length(value: Value): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(value.size);
  throw new RangeError(`error calling len: len of type ${typeOf(value)}`);
}

function index(item: Value, key: Value): Value {
  if (isMap(item)) return item.get(text('index', key));
  if (!isList(item)) throw new RangeError(`error calling index: can't index item of type ${typeOf(item)}`);
  const at = int('index', key);
  if (at < 0 || at >= item.length) throw new RangeError(`error calling index: index out of range: ${at}`);
  return item[at];
}

/** Of a text, by octets, as Go counts; a border inside a character gives a broken character there and here. */
function slice(item: Value, from: Value = 0n, to?: Value): Value {
  const octets = typeof item === 'string' ? Buffer.from(item, 'utf8') : undefined;
  const whole = octets ?? (isList(item) ? item : undefined);
  if (whole === undefined)
    throw new RangeError(`error calling slice: can't slice item of type ${typeOf(item)}`);
  const start = int('slice', from);
  const end = to === undefined ? whole.length : int('slice', to);
  if (start < 0 || end > whole.length) {
    throw new RangeError(`error calling slice: index out of range: ${start < 0 ? start : end}`);
  }
  if (start > end) throw new RangeError(`error calling slice: invalid slice index: ${start} > ${end}`);
  if (octets !== undefined) return octets.toString('utf8', start, end);
  return isList(item) ? item.slice(start, end) : undefined;
}

/** Go puts a space between two neighbours of which neither is a text. */
function printAll(args: readonly Value[]): string {
  const spaced = args.map((value, at) => {
    const apart = at > 0 && typeof value !== 'string' && typeof args[at - 1] !== 'string';
    return (apart ? ' ' : '') + print(value);
  });
  return spaced.join('');
}
