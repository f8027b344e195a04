import { describe, expect, it } from 'vitest';
import { countLine, countTests } from '../support/test-counts.ts';

const file = (name: string, status: string, ...tests: string[]): object => ({
  name,
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});
const report = (...files: object[]): string => JSON.stringify({ testResults: files });

describe('counting tests', () => {
  it('adds up over files', () => {
    const text = report(
      file('/a.test.ts', 'passed', 'passed', 'skipped'),
      file('/b.test.ts', 'failed', 'passed', 'failed', 'failed'),
    );
    expect(countTests(text)).toMatchObject({ passed: 2, failed: 2, skipped: 1 });
  });

  it('takes a file that could not be loaded for one failure', () => {
    expect(countTests(report(file('/a.test.ts', 'failed')))).toMatchObject({
      passed: 0,
      failed: 1,
      skipped: 0,
    });
  });

  it('takes a hook that failed for one failure, and what it left over for skipped', () => {
    const text = report(file('/a.test.ts', 'failed', 'passed', 'skipped', 'skipped'));
    expect(countTests(text)).toMatchObject({ passed: 1, failed: 1, skipped: 2 });
  });

  it.each(['skipped', 'pending', 'todo'])('counts "%s" as skipped', (status) => {
    expect(countTests(report(file('/a.test.ts', 'passed', status)))).toMatchObject({ passed: 0, skipped: 1 });
  });

  it('tells in which files tests were skipped', () => {
    const text = report(
      file('/a.test.ts', 'passed', 'passed'),
      file('/b.test.ts', 'passed', 'skipped', 'skipped'),
    );
    expect(countTests(text).skippedIn).toEqual([{ path: '/b.test.ts', tests: 2 }]);
  });

  it('refuses what is not a report', () => {
    expect(() => countTests('{"success":true}')).toThrow(TypeError);
    expect(() => countTests('')).toThrow(SyntaxError);
  });
});

describe('the last line', () => {
  it('is plain', () => {
    expect(countLine({ passed: 12, failed: 0, skipped: 3 })).toBe('12 passed, 0 failed, 3 skipped');
  });
});
