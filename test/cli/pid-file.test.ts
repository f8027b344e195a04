import { existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { removePidFile, writePidFile, writePidFileInTime } from '../../src/cli/pid-file.ts';
import { RecordedLog } from '../observe/recorded-log.ts';
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

it('is no reason not to serve where the disk is full, which is said once; a mistake in the flag is', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const log = new RecordedLog();
  // Full, always; and a device, which must be there afterwards.
  writePidFileInTime('/dev/full', log);
  vi.advanceTimersByTime(60_000);
  expect(log.lines).toEqual([expect.stringMatching(/^warn: --pidfile: ENOSPC.*; it is tried again$/)]);
  removePidFile('/dev/full');
  expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
  expect(() => writePidFileInTime(join(tempDirectory(), 'missing', 'pid'), log)).toThrow(/ENOENT/);
});

it('keeps nobody from ending when it cannot be removed', () => {
  const path = join(tempDirectory(), 'directory');
  mkdirSync(path);
  expect(() => removePidFile(path)).not.toThrow();
});
