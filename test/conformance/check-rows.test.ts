import { describe, expect, it } from 'vitest';
import { findFaults } from './check-rows.ts';
import type { Row, TestName } from './statement.ts';

/** Texts of test files, to be read: nothing of them runs. */
const FILES: Readonly<Record<string, string>> = {
  'a.test.ts': `
    describe('a thing', () => {
      it('works', () => {});
      it.each([['one'], ['two']])('takes %s', () => {});
      it.skip('is for later', () => {});
    });
    describe.skipIf(!tools)(\`a tool \${reason}\`, () => { it('is there', () => {}); });
    describe.each(MODES)('with $mode', () => { it.each([['one']])('takes %s', () => {}); });
    it.each(ROWS)('%s', () => {});
  `,
  'support.ts': "it('works', () => {});",
};

const faultsOf = (...rows: readonly Row[]): readonly string[] => findFaults(rows, (file) => FILES[file]);

const held = (...heldBy: readonly TestName[]): Row => ({
  id: '1',
  source: 'RFC 0',
  says: 'A thing works.',
  heldBy,
});

describe('a row', () => {
  it.each([
    ['a test', 'a thing > works'],
    ['a row of a table', 'a thing > takes two'],
    ['all rows of a table', 'a thing > takes %s'],
    ['a suite', 'a thing'],
    ['a test of a suite whose title ends in a reason', 'a tool > is there'],
    ['the same with the reason', 'a tool (Debian package x) > is there'],
    ['all rows of one suite of a table of suites', 'with verify > takes %s'],
    ['all rows of all suites of a table of suites', 'with $mode > takes one'],
  ])('may name %s', (_what, titles) => {
    expect(faultsOf(held(['a.test.ts', titles]))).toEqual([]);
  });

  it.each([
    ['a title that is not there', 'a thing > fails'],
    ['a row that is not there', 'a thing > takes three'],
    ['a test without its suite', 'works'],
    ['a part of a title', 'a thing > work'],
    ['a suite that is not there', 'another thing > works'],
    ['nothing', ''],
    ['anything, where the source tells nothing of a title', 'whatever'],
  ])('may not name %s', (_what, titles) => {
    expect(faultsOf(held(['a.test.ts', titles]))).toEqual([
      `1 names a test that is not in a.test.ts: ${titles}`,
    ]);
  });

  it('may not name a test that never runs', () => {
    expect(faultsOf(held(['a.test.ts', 'a thing > is for later']))).toEqual([
      '1 names a test of a.test.ts that is skipped: a thing > is for later',
    ]);
  });

  it('may not name a file that is not there, or that vitest does not run', () => {
    expect(faultsOf(held(['b.test.ts', 'works'], ['support.ts', 'works']))).toEqual([
      '1 names b.test.ts, which is not there',
      '1 names support.ts, which vitest does not run',
    ]);
  });

  it('has tests or a reason', () => {
    const row = { id: '2', source: 'RFC 0', says: 'Another.' };
    expect(faultsOf(held(), { ...row, doesNotApply: ' ' })).toEqual(['1 names no test', '2 gives no reason']);
    expect(faultsOf({ ...row, open: 'no time' })).toEqual([]);
  });
});

describe('a statement', () => {
  it('stands once', () => {
    const row = held(['a.test.ts', 'a thing > works']);
    expect(faultsOf(row, { ...row, id: '2', says: 'a  thing works' })).toEqual(['2 says what 1 says']);
    expect(faultsOf(row, { ...row, says: 'Another.' })).toEqual(['1 stands twice']);
  });
});
