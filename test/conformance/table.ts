/** Puts the conformance table into words: for a terminal, or as Markdown. */
import type { Row, Topic } from './statement.ts';

export interface Counts {
  readonly held: number;
  readonly notApplicable: number;
  readonly open: number;
}

export function countRows(rows: readonly Row[]): Counts {
  const notApplicable = rows.filter((row) => 'doesNotApply' in row).length;
  const open = rows.filter((row) => 'open' in row).length;
  return { held: rows.length - notApplicable - open, notApplicable, open };
}

/** Such as `118 statements: 110 held by 240 tests, 8 do not apply, 0 open`. */
export function countLine(rows: readonly Row[]): string {
  const { held, notApplicable, open } = countRows(rows);
  const names = rows.flatMap((row) => ('heldBy' in row ? row.heldBy.map((test) => test.join('\n')) : []));
  const tests = new Set(names).size;
  return `${rows.length} statements: ${held} held by ${tests} tests, ${notApplicable} do not apply, ${open} open`;
}

/** Lines for a terminal, the counts last. */
export function asText(topics: readonly Topic[]): string {
  const blocks = topics.map(({ title, rows }) =>
    [title, '='.repeat(title.length), '', ...rows.flatMap(textOf)].join('\n'),
  );
  return [...blocks, countLine(topics.flatMap(({ rows }) => rows))].join('\n');
}

const MARKS = { held: '✓', notApplicable: '–', open: '✗' };

function textOf(row: Row): readonly string[] {
  const lines = (mark: string, ...below: readonly string[]): readonly string[] => [
    `${mark} ${row.id}  ${row.says} (${row.source})`,
    ...(row.note === undefined ? [] : [`      note: ${row.note}`]),
    ...below,
    '',
  ];
  if ('open' in row) return lines(MARKS.open, `      open: ${row.open}`);
  if ('doesNotApply' in row) return lines(MARKS.notApplicable, `      does not apply: ${row.doesNotApply}`);
  return lines(MARKS.held, ...row.heldBy.map(([file, titles]) => `      test/${file}: ${titles}`));
}

/** One table for each topic, the counts last. */
export function asMarkdown(topics: readonly Topic[]): string {
  const blocks = topics.map(({ title, rows }) =>
    [
      `## ${title}`,
      '',
      '| | statement | source | held by |',
      '|---|---|---|---|',
      ...rows.map(markdownOf),
      '',
    ].join('\n'),
  );
  return ['# Conformance', '', ...blocks, `${countLine(topics.flatMap(({ rows }) => rows))}.`].join('\n');
}

function markdownOf(row: Row): string {
  const note = row.note === undefined ? '' : ` *${row.note}*`;
  const cells = [row.id, `${row.says}${note}`, row.source, holds(row)];
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')).join(' | ')} |`;
}

function holds(row: Row): string {
  if ('open' in row) return `**open**: ${row.open}`;
  if ('doesNotApply' in row) return `does not apply: ${row.doesNotApply}`;
  return row.heldBy.map(([file, titles]) => `\`test/${file}\`: ${titles}`).join('<br>');
}
