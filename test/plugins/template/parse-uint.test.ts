import { describe, expect, it } from 'vitest';
import { parseUint } from '../../../src/plugins/template/parse-uint.ts';

describe('parseUint', () => {
  it.each([
    ['7b', 16, 8, 123n],
    ['FF', 16, 8, 255n],
    ['0', 10, 8, 0n],
    ['007', 10, 64, 7n],
    ['zz', 36, 16, 1295n],
    ['18446744073709551615', 10, 64, 18_446_744_073_709_551_615n],
    ['18446744073709551615', 10, 0, 18_446_744_073_709_551_615n],
    ['0x1f', 0, 64, 31n],
    ['0b11', 0, 64, 3n],
    ['0o17', 0, 64, 15n],
    ['017', 0, 64, 15n],
    ['0', 0, 64, 0n],
    ['10', 0, 64, 10n],
    [`${'0'.repeat(100)}1`, 2, 1, 1n],
  ])('reads %s in base %i of %i bits', (text, base, bits, value) => {
    expect(parseUint(text, base, bits)).toBe(value);
  });

  it.each([
    ['', 10, 64, 'invalid syntax'],
    ['g', 16, 64, 'invalid syntax'],
    ['-1', 10, 64, 'invalid syntax'],
    ['+1', 10, 64, 'invalid syntax'],
    [' 1', 10, 64, 'invalid syntax'],
    ['1_0', 0, 64, 'invalid syntax'],
    ['0x', 0, 64, 'invalid syntax'],
    ['08', 0, 64, 'invalid syntax'],
    ['0x1f', 16, 64, 'invalid syntax'],
    ['256', 10, 8, 'value out of range'],
    ['18446744073709551616', 10, 64, 'value out of range'],
    ['9'.repeat(100_000), 10, 64, 'value out of range'],
    ['1', 1, 64, 'invalid base 1'],
    ['1', 37, 64, 'invalid base 37'],
    ['1', 10, 65, 'invalid bit size 65'],
    ['1', 10, -1, 'invalid bit size -1'],
  ])('refuses %.20s in base %i of %i bits', (text, base, bits, reason) => {
    expect(() => parseUint(text, base, bits)).toThrow(
      new RangeError(`strconv.ParseUint: parsing "${text}": ${reason}`),
    );
  });
});
