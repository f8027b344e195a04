// Reads a decimal integer the way Go's `strconv.Atoi` does on a 64-bit machine, with its error texts, because every
// number in a Corefile is read by it today. What range makes sense for an option is its reader's business.

import { goQuote } from './go-quote.ts';

const INTEGER = /^([+-]?)0*([0-9]+)$/;
const MOST_DIGITS = 19;
const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;

/**
 * Reads an optional sign and decimal digits, nothing else: no spaces, no underscores, no fraction.
 *
 * @returns the integer; beyond ±2^53 it is the nearest number that a double can hold
 * @throws {RangeError} `strconv.Atoi: parsing "x": invalid syntax`, or `… value out of range` outside signed 64 bits
 */
export function parseInteger(text: string): number {
  const [, sign, digits] = INTEGER.exec(text) ?? [];
  if (digits === undefined) throw new RangeError(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
  const value = digits.length > MOST_DIGITS ? undefined : BigInt(sign + digits);
  if (value === undefined || value < SMALLEST || value > LARGEST) {
    throw new RangeError(`strconv.Atoi: parsing ${goQuote(text)}: value out of range`);
  }
  return Number(value);
}
