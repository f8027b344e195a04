import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfigMap } from '../../../src/pillar/files/config-map.ts';
import { tempDirectory } from '../../support/temp-file.ts';
import { writeVolume } from './kubelet-volume.ts';

const KEYS = ['a', 'b'];

const read = (directory: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(readConfigMap(directory, KEYS), ([key, octets]) => [key, Buffer.from(octets).toString()]),
  );

it('reads a volume of the kubelet, and the next version of it', () => {
  const directory = tempDirectory();
  writeVolume(directory, { a: '1', other: 'x' });
  expect(read(directory)).toEqual({ a: '1' });
  writeVolume(directory, { b: '2' });
  expect(read(directory)).toEqual({ b: '2' });
  writeVolume(directory, {});
  expect(read(directory)).toEqual({});
});

it('takes a version as soon as it is there, whatever the links to its keys still say', () => {
  const directory = tempDirectory();
  writeVolume(directory, { a: '1' });
  rmSync(join(directory, 'a'));
  expect(read(directory)).toEqual({ a: '1' });
});

it('reads a plain directory', () => {
  const directory = tempDirectory();
  writeFileSync(join(directory, 'a'), '1');
  expect(read(directory)).toEqual({ a: '1' });
});

it('throws for what cannot be read', () => {
  const directory = tempDirectory();
  expect(() => read(join(directory, 'missing'))).toThrow('ENOENT');
  mkdirSync(join(directory, 'a'));
  expect(() => read(directory)).toThrow('EISDIR');
  symlinkSync('..data', join(directory, '..data'));
  expect(() => read(directory)).toThrow('ELOOP');
});
