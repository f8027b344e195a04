import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removePidFile, writePidFile } from '../../src/cli/pid-file.ts';
import { tempDirectory } from '../support/temp-file.ts';

it('holds the process id until it is removed', () => {
  const path = join(tempDirectory(), 'pid');
  writePidFile(path);
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  removePidFile(path);
  expect(existsSync(path)).toBe(false);
});

it('names the flag when it cannot be written', () => {
  const path = join(tempDirectory(), 'missing', 'pid');
  expect(() => writePidFile(path)).toThrow(/^--pidfile: ENOENT.*missing/);
});

it('keeps nobody from ending when it cannot be removed', () => {
  const path = join(tempDirectory(), 'directory');
  mkdirSync(path);
  expect(() => removePidFile(path)).not.toThrow();
});
