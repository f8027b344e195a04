import { describe, expect, it } from 'vitest';
import { parsePort } from '../../src/cli/port.ts';

describe('a port', () => {
  it.each([
    ['0', 0],
    ['53', 53],
    ['00053', 53],
    ['65535', 65_535],
  ])('is a whole number: %s', (text, port) => {
    expect(parsePort(text)).toBe(port);
  });

  it.each([
    '',
    ' 53',
    '53 ',
    '-1',
    '+53',
    '1.5',
    '0x35',
    '5e1',
    '65536',
    '99999999999999999999',
    'dns',
    '::',
  ])('is nothing else: "%s"', (text) => {
    expect(() => parsePort(text)).toThrow(new RangeError(`expected a port from 0 to 65535, found "${text}"`));
  });
});
