import { expect, it } from 'vitest';
import { common, depth, isUnder } from '../../src/explain/zone-names.ts';

it.each([
  ['a.test.', '.', true],
  ['.', '.', true],
  ['.', 'a.test.', false],
  ['a.test.', 'a.test.', true],
  ['b.a.test.', 'a.test.', true],
  ['ba.test.', 'a.test.', false],
  ['test.', 'a.test.', false],
  // One label `b.a`.
  ['b\\.a.test.', 'a.test.', false],
])('%s lies under %s: %s', (name, zone, expected) => {
  expect(isUnder(name, zone)).toBe(expected);
});

it.each([
  ['a.test.', '.', 'a.test.'],
  ['.', 'a.test.', 'a.test.'],
  ['a.test.', 'b.test.', undefined],
])('%s and %s have %s in common', (one, other, expected) => {
  expect(common(one, other)).toBe(expected);
});

it.each([
  ['.', 0],
  ['test.', 1],
  ['a.test.', 2],
  ['b\\.a.test.', 2],
])('%s has %d labels', (zone, labels) => {
  expect(depth(zone)).toBe(labels);
});
