/** Files for one test, in a directory of their own that goes with the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty directory, removed with all that is in it when the test is over. */
export function tempDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'nodelocaldns-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The path of a new file with this text. */
export function tempFile(text: string, name = 'Corefile'): string {
  const path = join(tempDirectory(), name);
  writeFileSync(path, text);
  return path;
}
