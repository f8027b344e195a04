import { expect, it } from 'vitest';
import type { Topic } from './statement.ts';
import { asMarkdown, asText, countLine } from './table.ts';

const TOPICS: readonly Topic[] = [
  {
    title: 'Things',
    rows: [
      {
        id: '1',
        source: 'RFC 0 section 1',
        says: 'A | B.',
        note: 'Mostly.',
        heldBy: [
          ['a.test.ts', 'a thing > works'],
          ['b.test.ts', 'works'],
        ],
      },
    ],
  },
  {
    title: 'Others',
    rows: [
      { id: '2', source: 'RFC 0', says: 'C.', doesNotApply: 'No C.' },
      { id: '3', source: 'RFC 0', says: 'D.', open: 'No time.' },
      { id: '4', source: 'RFC 0', says: 'E.', heldBy: [['b.test.ts', 'works']] },
    ],
  },
];

it('counts statements, and each test once', () => {
  expect(countLine(TOPICS.flatMap(({ rows }) => rows))).toBe(
    '4 statements: 2 held by 2 tests, 1 do not apply, 1 open',
  );
});

it('is readable in a terminal, the counts last', () => {
  expect(asText(TOPICS).split('\n')).toEqual([
    'Things',
    '======',
    '',
    '✓ 1  A | B. (RFC 0 section 1)',
    '      note: Mostly.',
    '      test/a.test.ts: a thing > works',
    '      test/b.test.ts: works',
    '',
    'Others',
    '======',
    '',
    '– 2  C. (RFC 0)',
    '      does not apply: No C.',
    '',
    '✗ 3  D. (RFC 0)',
    '      open: No time.',
    '',
    '✓ 4  E. (RFC 0)',
    '      test/b.test.ts: works',
    '',
    '4 statements: 2 held by 2 tests, 1 do not apply, 1 open',
  ]);
});

it('is a table for each topic in Markdown, whatever stands in a cell', () => {
  const lines = asMarkdown(TOPICS).split('\n');
  expect(lines).toContain(
    String.raw`| 1 | A \| B. *Mostly.* | RFC 0 section 1 | ${'`test/a.test.ts`'}: a thing > works<br>${'`test/b.test.ts`'}: works |`,
  );
  expect(lines).toContain('| 2 | C. | RFC 0 | does not apply: No C. |');
  expect(lines).toContain('| 3 | D. | RFC 0 | **open**: No time. |');
  expect(lines.at(-1)).toBe('4 statements: 2 held by 2 tests, 1 do not apply, 1 open.');
});
