import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeWhole } from '../../../src/pillar/files/write-whole.ts';
import { tempDirectory } from '../../support/temp-file.ts';

it('puts another file in the place of the old one, and leaves nothing beside it', () => {
  const directory = tempDirectory();
  const path = join(directory, 'Corefile');
  writeFileSync(path, 'old, and longer');
  const { ino } = statSync(path);
  writeWhole(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).ino).not.toBe(ino);
  expect(readdirSync(directory)).toEqual(['Corefile']);
});

it('leaves everything as it was where it cannot', () => {
  const directory = tempDirectory();
  mkdirSync(join(directory, 'Corefile'));
  expect(() => writeWhole(join(directory, 'Corefile'), 'new')).toThrow('EISDIR');
  expect(readdirSync(directory)).toEqual(['Corefile']);
  expect(() => writeWhole(join(directory, 'missing', 'Corefile'), 'new')).toThrow('ENOENT');
});
