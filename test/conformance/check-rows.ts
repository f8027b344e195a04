/**
 * Holds the conformance table against the test files: every test that a row names has to be there and to run. It reads sources and runs
 * nothing, so it cannot tell whether a test would notice; whoever writes a row tries that.
 */
import type { Row, TestName } from './statement.ts';
import { testsIn } from './test-titles.ts';
import type { FoundTest } from './test-titles.ts';
import { GAP } from './title.ts';
import type { Title } from './title.ts';

/** The text of a file below `test`, or undefined when there is none. */
export type ReadTest = (file: string) => string | undefined;

const SEPARATOR = ' > ';

/** What is wrong with these rows, one sentence each; empty when all is well. */
export function findFaults(rows: readonly Row[], read: ReadTest): readonly string[] {
  const find = new TestFinder(read);
  return [...findRepetitions(rows), ...rows.flatMap((row) => faultsOf(row, find))];
}

function faultsOf(row: Row, find: TestFinder): readonly string[] {
  if (!('heldBy' in row)) {
    const reason = 'open' in row ? row.open : row.doesNotApply;
    return reason.trim() === '' ? [`${row.id} gives no reason`] : [];
  }
  if (row.heldBy.length === 0) return [`${row.id} names no test`];
  return row.heldBy.flatMap((test) => find.faultsOf(test).map((fault) => `${row.id} ${fault}`));
}

/** Ids that stand twice, and statements that say the same. */
function findRepetitions(rows: readonly Row[]): readonly string[] {
  const ids = new Map<string, Row>();
  const statements = new Map<string, Row>();
  return rows.flatMap((row) => {
    const words = row.says
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, ' ')
      .trim();
    const said = statements.get(words);
    const repeats = [
      ...(ids.has(row.id) ? [`${row.id} stands twice`] : []),
      ...(said === undefined ? [] : [`${row.id} says what ${said.id} says`]),
    ];
    ids.set(row.id, row);
    statements.set(words, row);
    return repeats;
  });
}

class TestFinder {
  private readonly read: ReadTest;
  private readonly files = new Map<string, readonly FoundTest[] | undefined>();

  constructor(read: ReadTest) {
    this.read = read;
  }

  faultsOf([file, titles]: TestName): readonly string[] {
    if (!file.endsWith('.test.ts')) return [`names ${file}, which vitest does not run`];
    const tests = this.testsOf(file);
    if (tests === undefined) return [`names ${file}, which is not there`];
    const named = tests.filter((test) => isNamed(test, titles));
    if (named.length === 0) return [`names a test that is not in ${file}: ${titles}`];
    return named.every(({ skipped }) => skipped)
      ? [`names a test of ${file} that is skipped: ${titles}`]
      : [];
  }

  private testsOf(file: string): readonly FoundTest[] | undefined {
    if (!this.files.has(file)) {
      const text = this.read(file);
      this.files.set(file, text === undefined ? undefined : testsIn(text));
    }
    return this.files.get(file);
  }
}

/** Whether these titles are the test's own, or those of a suite that it stands in; each as it is written or as a row of a table fills it. */
function isNamed({ path, written }: FoundTest, titles: string): boolean {
  const patterns = path.map(
    (title, index) => `(?:${titlePattern(title)}|${titlePattern(written[index] ?? [])})`,
  );
  return patterns.some((_, index) =>
    new RegExp(`^${patterns.slice(0, index + 1).join(SEPARATOR)}$`, 's').test(titles),
  );
}

/** Any text fills a gap; but a title of which the source tells nothing is nobody's name. */
function titlePattern(title: Title): string {
  const parts = title.filter((part) => part !== '');
  if (!parts.some((part) => part !== GAP && part.trim() !== '')) return '(?!)';
  const pattern = parts.map((part) => (part === GAP ? '.*' : escape(part))).join('');
  // A reason at the end that is mostly empty: whoever writes the name need not write the blank in front of it.
  return parts.at(-1) === GAP ? pattern.replace(/ \.\*$/, '(?: .*)?') : pattern;
}

const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
