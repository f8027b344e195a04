import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeRuntimeDirectory, removeRuntimeDirectory } from '../../src/cli/runtime-directory.ts';

const made = makeRuntimeDirectory();

it.skipIf(made === undefined)(
  'is readable by all, writable by us alone, and goes with all that is in it (needs a tmpfs)',
  () => {
    const path = made ?? '';
    onTestFinished(() => removeRuntimeDirectory(path));
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(statSync(path).uid).toBe(process.geteuid?.());
    writeFileSync(join(path, 'guard.json'), '[]');
    removeRuntimeDirectory(path);
    expect(existsSync(path)).toBe(false);
  },
);

it('is another one each time', () => {
  const [one, other] = [makeRuntimeDirectory(), makeRuntimeDirectory()];
  for (const path of [one, other]) if (path !== undefined) removeRuntimeDirectory(path);
  expect(one === undefined || one !== other).toBe(true);
});

it('that is gone is no error', () => {
  expect(() => removeRuntimeDirectory('/nowhere/nodelocaldns')).not.toThrow();
});
