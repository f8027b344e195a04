import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/base/duration.ts';

describe('parseDuration', () => {
  it.each([
    { name: 'zero without a unit', text: '0', ms: 0 },
    { name: 'signed zero without a unit', text: '-0', ms: 0 },
    { name: 'zero with a unit', text: '0s', ms: 0 },
    { name: 'nanoseconds', text: '60ns', ms: 0.00006 },
    { name: 'microseconds', text: '3us', ms: 0.003 },
    { name: 'microseconds with the micro sign', text: '3\u00B5s', ms: 0.003 },
    { name: 'microseconds with the Greek letter', text: '3\u03BCs', ms: 0.003 },
    { name: 'milliseconds', text: '300ms', ms: 300 },
    { name: 'seconds', text: '30s', ms: 30_000 },
    { name: 'minutes', text: '5m', ms: 300_000 },
    { name: 'hours', text: '1h', ms: 3_600_000 },
    { name: 'a sum', text: '1h30m', ms: 5_400_000 },
    { name: 'a sum in any order, repeated', text: '1s1h1s', ms: 3_602_000 },
    { name: 'a fraction', text: '1.5s', ms: 1500 },
    { name: 'a fraction without whole digits', text: '.5s', ms: 500 },
    { name: 'a point without a fraction', text: '5.s', ms: 5000 },
    { name: 'a fraction of a minute', text: '0.1m', ms: 6000 },
    { name: 'a plus sign', text: '+5s', ms: 5000 },
    { name: 'a minus sign for the whole sum', text: '-1m30s', ms: -90_000 },
    { name: 'a fraction below the nanosecond, cut', text: '0.9999999999999999999999ns', ms: 0 },
    { name: 'leading zeros', text: `${'0'.repeat(40)}5s`, ms: 5000 },
    { name: 'the longest', text: '9223372036854775807ns', ms: 9_223_372_036_854.775 },
    { name: 'the longest negative', text: '-9223372036854775808ns', ms: -9_223_372_036_854.775 },
  ])('reads $name', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    { name: 'a word', text: 'foo', message: 'time: invalid duration "foo"' },
    { name: 'nothing', text: '', message: 'time: invalid duration ""' },
    { name: 'a lone sign', text: '-', message: 'time: invalid duration "-"' },
    { name: 'two signs', text: '--5s', message: 'time: invalid duration "--5s"' },
    { name: 'a lone point', text: '.', message: 'time: invalid duration "."' },
    { name: 'a unit without a number', text: 's', message: 'time: invalid duration "s"' },
    { name: 'a point before a unit', text: '.s', message: 'time: invalid duration ".s"' },
    { name: 'a number without a unit', text: '5', message: 'time: missing unit in duration "5"' },
    { name: 'a last number without a unit', text: '1m5', message: 'time: missing unit in duration "1m5"' },
    { name: 'zeros without a unit', text: '00', message: 'time: missing unit in duration "00"' },
    { name: 'an unknown unit', text: '5x', message: 'time: unknown unit "x" in duration "5x"' },
    { name: 'days', text: '1d', message: 'time: unknown unit "d" in duration "1d"' },
    { name: 'a unit in upper case', text: '1S', message: 'time: unknown unit "S" in duration "1S"' },
    { name: 'a space', text: '1 s', message: 'time: unknown unit " s" in duration "1 s"' },
    { name: 'a sign inside', text: '1h-5m', message: 'time: unknown unit "h-" in duration "1h-5m"' },
    { name: 'a brace', text: '}', message: 'time: invalid duration "}"' },
    {
      name: 'a long unit outside ASCII',
      text: '1é',
      message: String.raw`time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9"`,
    },
    {
      name: 'one above the longest',
      text: '9223372036854775808ns',
      message: 'time: invalid duration "9223372036854775808ns"',
    },
    { name: 'a sum above the longest', text: '2562047h48m', message: 'time: invalid duration "2562047h48m"' },
    {
      name: 'too many digits',
      text: '99999999999999999999s',
      message: 'time: invalid duration "99999999999999999999s"',
    },
  ])('refuses $name', ({ text, message }) => {
    expect(() => parseDuration(text)).toThrow(new RangeError(message));
  });

  it('throws nothing but RangeErrors, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0159.-+hmsnuµ x')) }), (text) => {
        try {
          expect(parseDuration(text)).not.toBeNaN();
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    { ms: 0, text: '0s' },
    { ms: -0, text: '0s' },
    { ms: 0.000_001, text: '1ns' },
    { ms: 0.001_1, text: '1.1\u00B5s' },
    { ms: 1.5, text: '1.5ms' },
    { ms: 300, text: '300ms' },
    { ms: 999.999_999, text: '999.999999ms' },
    { ms: 1500, text: '1.5s' },
    { ms: 30_000, text: '30s' },
    { ms: 60_000, text: '1m0s' },
    { ms: 300_000, text: '5m0s' },
    { ms: 3_600_000, text: '1h0m0s' },
    { ms: 3_661_001, text: '1h1m1.001s' },
    { ms: 360_000_000, text: '100h0m0s' },
    { ms: -1500, text: '-1.5s' },
  ])('writes $ms ms as $text', ({ ms, text }) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %d', (ms) => {
    expect(() => formatDuration(ms)).toThrow(RangeError);
  });

  it('is read back to the same whole number of milliseconds', () => {
    const longest = 9_223_372_036_854;
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -longest, max: longest })), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
