/** The table itself: every test that it names is there and runs, and no statement is left out or stands twice. */
import { expect, it } from 'vitest';
import { findFaults } from './check-rows.ts';
import { readTest } from './read-test.ts';
import { TOPICS } from './statements/index.ts';

const ROWS = TOPICS.flatMap(({ rows }) => rows);

it('names tests that are there and run, and says everything once', () => {
  expect(findFaults(ROWS, readTest)).toEqual([]);
});

it.each([
  ['statements of RFCs', '', 80],
  ['advisories', 'A', 23],
  ['classes of attack', 'C', 24],
])('has all %s, numbered without a gap', (_what, letter, count) => {
  const numbers = ROWS.flatMap(({ id }) => new RegExp(`^${letter}(\\d+)$`).exec(id)?.[1] ?? []);
  expect(numbers.map(Number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: count }, (_, index) => index + 1),
  );
});

it('says of every topic what it is about, and has rows in it', () => {
  expect(TOPICS.filter(({ title, rows }) => title === '' || rows.length === 0)).toEqual([]);
});
