import { expect, it } from 'vitest';
import { ttlFromText } from '../../src/wire/ttl-text.ts';

it.each([
  ['0', 0],
  ['3600', 3600],
  ['2147483647', 2_147_483_647],
  ['1h', 3600],
  ['1h30m', 5400],
  ['1W2D3H4M5S', 788_645],
  ['1m30', 90],
])('reads %s', (text, seconds) => {
  expect(ttlFromText(text)).toBe(seconds);
});

it.each(['', 'h', '1x', '-1', '1.5', '1 h', '2147483648', '4000w', '1h-', 'IN'])('refuses "%s"', (text) => {
  expect(ttlFromText(text)).toBeUndefined();
});
