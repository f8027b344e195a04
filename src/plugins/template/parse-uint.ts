// Reads an unsigned integer as Go's `strconv.ParseUint` does, with its error texts: templates call it by name, and the
// codes of extended errors are read by it. Underscores, which Go allows with base 0, are refused.

import { goQuote } from '../../base/go-quote.ts';

const PREFIXES: Readonly<Record<string, number>> = { '0x': 16, '0o': 8, '0b': 2 };
/** More digits than 64 bits have in base 2, leading zeros aside. */
const MOST_DIGITS = 64;

/**
 * @param base 2 to 36, or 0 for what the prefix says (`0x`, `0o`, `0b`, `0`)
 * @param bits how many bits the number may have: 0 to 64, 0 meaning 64
 * @throws {RangeError} `strconv.ParseUint: parsing "x": invalid syntax`, and so on
 */
export function parseUint(text: string, base: number, bits: number): bigint {
  const fail = (reason: string): RangeError =>
    new RangeError(`strconv.ParseUint: parsing ${goQuote(text)}: ${reason}`);
  if (text === '') throw fail('invalid syntax');
  if (base !== 0 && (base < 2 || base > 36)) throw fail(`invalid base ${base}`);
  if (bits < 0 || bits > 64) throw fail(`invalid bit size ${bits}`);
  const read = base === 0 ? splitPrefix(text) : { base, digits: text };
  if (read.digits === '' || !Array.from(read.digits).every((digit) => digitValue(digit) < read.base)) {
    throw fail('invalid syntax');
  }
  const digits = read.digits.replace(/^0+/, '');
  const value = digits.length > MOST_DIGITS ? undefined : valueOf(digits, BigInt(read.base));
  if (value === undefined || value >= 1n << BigInt(bits === 0 ? 64 : bits)) throw fail('value out of range');
  return value;
}

function splitPrefix(text: string): { base: number; digits: string } {
  const base = PREFIXES[text.slice(0, 2).toLowerCase()];
  if (base !== undefined) return { base, digits: text.slice(2) };
  return text.length > 1 && text.startsWith('0')
    ? { base: 8, digits: text.slice(1) }
    : { base: 10, digits: text };
}

function valueOf(digits: string, base: bigint): bigint {
  let value = 0n;
  for (const digit of digits) value = value * base + BigInt(digitValue(digit));
  return value;
}

/** 0 to 35; Infinity for what is no digit in any base. */
function digitValue(character: string): number {
  return /^[0-9a-z]$/i.test(character) ? Number.parseInt(character, 36) : Infinity;
}
