import { describe, expect, it } from 'vitest';
import { parseInteger } from '../../src/base/integer.ts';

describe('parseInteger', () => {
  it.each([
    { name: 'digits', text: '9984', value: 9984 },
    { name: 'zero', text: '0', value: 0 },
    { name: 'a plus sign', text: '+53', value: 53 },
    { name: 'a minus sign', text: '-5', value: -5 },
    { name: 'minus zero is zero', text: '-0', value: 0 },
    { name: 'leading zeros are decimal', text: '0010', value: 10 },
    { name: 'many leading zeros', text: `${'0'.repeat(50)}7`, value: 7 },
    { name: 'the largest of 64 bits', text: '9223372036854775807', value: 2 ** 63 },
    { name: 'the smallest of 64 bits', text: '-9223372036854775808', value: -(2 ** 63) },
  ])('reads $name', ({ text, value }) => {
    expect(parseInteger(text)).toBe(value);
  });

  it.each([
    { name: 'letters', text: 'aaa', quoted: '"aaa"' },
    { name: 'nothing', text: '', quoted: '""' },
    { name: 'a lone sign', text: '-', quoted: '"-"' },
    { name: 'two signs', text: '+-1', quoted: '"+-1"' },
    { name: 'a fraction', text: '1.5', quoted: '"1.5"' },
    { name: 'a unit', text: '10s', quoted: '"10s"' },
    { name: 'white space', text: ' 1', quoted: '" 1"' },
    { name: 'a line feed at the end', text: '1\n', quoted: String.raw`"1\n"` },
    { name: 'an underscore', text: '1_000', quoted: '"1_000"' },
    { name: 'hexadecimal', text: '0x10', quoted: '"0x10"' },
    { name: 'digits of another script', text: '٣', quoted: '"٣"' },
    { name: 'the brace of a block on one line', text: '}', quoted: '"}"' },
  ])('refuses $name', ({ text, quoted }) => {
    expect(() => parseInteger(text)).toThrow(
      new RangeError(`strconv.Atoi: parsing ${quoted}: invalid syntax`),
    );
  });

  it.each([
    { name: 'one above the largest', text: '9223372036854775808' },
    { name: 'one below the smallest', text: '-9223372036854775809' },
    { name: 'a very long number', text: '9'.repeat(100_000) },
  ])('refuses $name as out of range', ({ text }) => {
    expect(() => parseInteger(text)).toThrow(
      new RangeError(`strconv.Atoi: parsing "${text}": value out of range`),
    );
  });
});
