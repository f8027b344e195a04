/**
 * Counts tests from the report that vitest's JSON reporter writes. A file that failed outside its tests (it could not be loaded, a hook
 * threw) counts as one failure, since nothing else in the counts would show it.
 */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The files with skipped tests in them: absolute path and how many. */
  readonly skippedIn: readonly SkippedFile[];
}

export interface SkippedFile {
  readonly path: string;
  readonly tests: number;
}

interface Report {
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

/**
 * @param report the text of the report
 * @throws {SyntaxError} when it is not JSON
 * @throws {TypeError} when it is not vitest's
 */
export function countTests(report: string): TestCounts {
  const parsed: unknown = JSON.parse(report);
  if (!isReport(parsed)) throw new TypeError('the report of the tests has no list of test results');
  const files = parsed.testResults.map(countFile);
  return {
    passed: sum(files.map((file) => file.passed)),
    failed: sum(files.map((file) => file.failed)),
    skipped: sum(files.map((file) => file.skipped)),
    skippedIn: files
      .filter((file) => file.skipped > 0)
      .map((file) => ({ path: file.path, tests: file.skipped })),
  };
}

/** The line that the output of `npm test` ends with; nothing else stands on it. */
export const countLine = (counts: Omit<TestCounts, 'skippedIn'>): string =>
  `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;

function countFile(file: FileResult): { path: string; passed: number; failed: number; skipped: number } {
  const statuses = file.assertionResults.map((result) => result.status);
  const passed = statuses.filter((status) => status === 'passed').length;
  const failedTests = statuses.filter((status) => status === 'failed').length;
  const failed = file.status === 'failed' ? Math.max(1, failedTests) : failedTests;
  // Everything that neither passed nor failed did not run: skipped, todo, or left over by a failed hook.
  return { path: file.name, passed, failed, skipped: statuses.length - passed - failedTests };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const isReport = (value: unknown): value is Report =>
  typeof value === 'object' && value !== null && 'testResults' in value && Array.isArray(value.testResults);
