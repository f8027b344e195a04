/** Clean-up that a test need not think of. */
import { TestRunner, onTestFinished } from 'vitest';

/** Runs this when the test that calls it is over; never, where a hook calls it: what a hook opens lasts as long as the file's tests. */
export function atTestEnd(cleanUp: () => void): void {
  if (TestRunner.getCurrentTest() !== undefined) onTestFinished(cleanUp);
}
