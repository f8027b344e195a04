// Durations as Go writes them (`300ms`, `1h30m`), since that is what Corefiles and flags contain and what logs show.
// Reading keeps whole nanoseconds in 64 bits, as Go does, before it becomes milliseconds, so that the same texts are
// refused for being too long. What range makes sense for an option is its reader's business.

import { goQuoteBytes } from './go-quote.ts';

const NANOSECONDS_PER_MS = 1_000_000n;
const NANOSECONDS_PER_SECOND = 1_000_000_000n;

const UNIT_NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['\u00B5s', 1000n], // micro sign
  ['\u03BCs', 1000n], // Greek letter mu
  ['ms', NANOSECONDS_PER_MS],
  ['s', NANOSECONDS_PER_SECOND],
  ['m', 60n * NANOSECONDS_PER_SECOND],
  ['h', 3600n * NANOSECONDS_PER_SECOND],
]);

/** 2^63: a negative duration may reach it, a positive one may not. */
const LIMIT = 2n ** 63n;

/** More digits than any value below 2^63 has; longer numbers are refused before they are converted. */
const MOST_WHOLE_DIGITS = 19;

/** Digits of a fraction beyond these cannot change the nanosecond of even the longest unit. */
const MOST_FRACTION_DIGITS = 18;

/** One number and its unit. Each part may be missing, so that the error can say which one. */
const TERM = /([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/y;

/**
 * Reads a duration in the syntax of Go's `time.ParseDuration`: an optional sign, then numbers, each with an optional
 * fraction and one of the units `ns us µs ms s m h`. A bare `0` needs no unit.
 *
 * @returns milliseconds, with a fraction where the text has one
 * @throws {RangeError} with Go's text: `time: invalid duration "x"`, `time: missing unit in duration "x"` or
 *   `time: unknown unit "u" in duration "x"`
 */
export function parseDuration(text: string): number {
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0;
  const total = sumTerms(unsigned, text);
  const negative = text.startsWith('-');
  if (total === LIMIT && !negative) throw invalid(text);
  return toMilliseconds(negative ? -total : total);
}

/**
 * Writes a duration the way Go's `Duration.String` does: `1h0m0s`, `5m0s`, `1.5s`, `300ms`, `0s`.
 *
 * @param ms milliseconds, finite; fractions are kept to the nanosecond
 * @throws {RangeError} when `ms` is not finite
 */
export function formatDuration(ms: number): string {
  const signed = toNanoseconds(ms);
  const nanoseconds = signed < 0n ? -signed : signed;
  return (signed < 0n ? '-' : '') + formatNanoseconds(nanoseconds);
}

function sumTerms(unsigned: string, text: string): bigint {
  if (unsigned === '') throw invalid(text);
  let total = 0n;
  let offset = 0;
  while (offset < unsigned.length) {
    TERM.lastIndex = offset;
    const [term = '', whole = '', fraction = '', unit = ''] = TERM.exec(unsigned) ?? [];
    if (whole === '' && fraction === '') throw invalid(text);
    total += termNanoseconds(whole, fraction, unit, text);
    if (total > LIMIT) throw invalid(text);
    offset += term.length;
  }
  return total;
}

function termNanoseconds(whole: string, fraction: string, unit: string, text: string): bigint {
  const digits = whole.replace(/^0+/, '');
  if (digits.length > MOST_WHOLE_DIGITS || BigInt(digits) > LIMIT) throw invalid(text);
  if (unit === '') throw new RangeError(`time: missing unit in duration ${goQuoteBytes(text)}`);
  const perUnit = UNIT_NANOSECONDS.get(unit);
  if (perUnit === undefined) {
    throw new RangeError(`time: unknown unit ${goQuoteBytes(unit)} in duration ${goQuoteBytes(text)}`);
  }
  const decimals = fraction.slice(0, MOST_FRACTION_DIGITS);
  return BigInt(digits) * perUnit + (BigInt(decimals) * perUnit) / 10n ** BigInt(decimals.length);
}

function formatNanoseconds(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  if (nanoseconds < 1000n) return `${nanoseconds}ns`;
  if (nanoseconds < NANOSECONDS_PER_MS) return `${decimal(nanoseconds, 3)}\u00B5s`;
  if (nanoseconds < NANOSECONDS_PER_SECOND) return `${decimal(nanoseconds, 6)}ms`;
  const minutes = nanoseconds / (60n * NANOSECONDS_PER_SECOND);
  const seconds = `${decimal(nanoseconds % (60n * NANOSECONDS_PER_SECOND), 9)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** `value` / 10^`places` in decimal, without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const scale = 10n ** BigInt(places);
  const fraction = (value % scale).toString().padStart(places, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / scale}` : `${value / scale}.${fraction}`;
}

// Both directions treat the whole milliseconds apart from the rest: a double holds either exactly, but not their sum
// in nanoseconds.

function toMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / NANOSECONDS_PER_MS) + Number(nanoseconds % NANOSECONDS_PER_MS) / 1e6;
}

function toNanoseconds(ms: number): bigint {
  const whole = Math.trunc(ms);
  return BigInt(whole) * NANOSECONDS_PER_MS + BigInt(Math.round((ms - whole) * 1e6));
}

function invalid(text: string): RangeError {
  return new RangeError(`time: invalid duration ${goQuoteBytes(text)}`);
}
