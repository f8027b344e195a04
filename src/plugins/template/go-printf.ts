// The part of Go's `fmt.Sprintf` that templates may use: the verbs `%s %d %x %X %o %b %c %q %t %v %%` with `-`, `0`, `+`,
// a width and, for texts, a precision. Where Go would print its complaint into the text (`%!d(string=x)`), this throws.

import { goQuote } from '../../base/go-quote.ts';
import { print, typeOf } from './go-value.ts';
import type { Value } from './go-value.ts';

interface Verb {
  readonly letter: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

/** Texts as they are, and verbs. */
export type Format = readonly (string | Verb)[];

const PART = /[^%]+|%([-+0]*)(\d{0,3})(?:\.(\d{1,3}))?([%sdxXobcqtv])/y;
const RADIX: Readonly<Record<string, number>> = { d: 10, x: 16, X: 16, o: 8, b: 2 };
const LAST_CODE_POINT = 0x10_ffffn;

/** @throws {RangeError} for a verb or a flag that is not supported */
export function parseFormat(format: string): Format {
  const parts: (string | Verb)[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < format.length) {
    const offset = PART.lastIndex;
    const [part, flags = '', width = '', precision, letter] = PART.exec(format) ?? [];
    if (part === undefined) throw new RangeError(`printf: "${format.slice(offset)}" is not supported`);
    if (letter === undefined) parts.push(part);
    else if (letter === '%') parts.push('%');
    else {
      parts.push({
        letter,
        flags,
        width: Number(width),
        precision: precision === undefined ? undefined : Number(precision),
      });
    }
  }
  return parts;
}

/** @throws {RangeError} for an argument of the wrong type, one too few or too many */
export function printf(format: Format, args: readonly Value[]): string {
  let at = 0;
  let text = '';
  for (const part of format) {
    if (typeof part !== 'string' && at >= args.length)
      throw new RangeError(`printf: %${part.letter} has no argument`);
    text += typeof part === 'string' ? part : pad(part, printOne(part, args[at++]));
  }
  if (at < args.length) throw new RangeError(`printf: ${args.length - at} arguments too many`);
  return text;
}

function printOne(verb: Verb, value: Value): string {
  const { letter } = verb;
  if (letter === 'v') return typeof value === 'string' ? cut(verb, value) : print(value);
  if (letter === 't' && typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    if (letter === 's') return cut(verb, value);
    if (letter === 'q') return goQuote(value);
    const hex = Buffer.from(value, 'utf8').toString('hex');
    if (letter === 'x') return hex;
    if (letter === 'X') return hex.toUpperCase();
  }
  if (typeof value === 'bigint') {
    if (letter === 'c' && value >= 0n && value <= LAST_CODE_POINT) return String.fromCodePoint(Number(value));
    if (letter in RADIX) return printInteger(verb, value);
  }
  throw new RangeError(`printf: %${letter} does not take a value of type ${typeOf(value)}`);
}

const cut = (verb: Verb, text: string): string => Array.from(text).slice(0, verb.precision).join('');

function printInteger(verb: Verb, value: bigint): string {
  const digits = value.toString(RADIX[verb.letter]);
  const sign = verb.flags.includes('+') && value >= 0n ? '+' : '';
  return sign + (verb.letter === 'X' ? digits.toUpperCase() : digits);
}

function pad(verb: Verb, text: string): string {
  if (verb.flags.includes('-')) return text.padEnd(verb.width);
  if (!verb.flags.includes('0')) return text.padStart(verb.width);
  const [sign] = /^[-+]?/.exec(verb.letter in RADIX ? text : '') ?? [''];
  return sign + text.slice(sign.length).padStart(verb.width - sign.length, '0');
}
