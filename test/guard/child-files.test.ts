import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { obstacleFor } from '../../src/guard/child-files.ts';
import { tempDirectory } from '../support/temp-file.ts';

const OTHER_USER = 65_532;
const OWN_USER = process.getuid?.() ?? 0;

let directory: string;
let file: string;

beforeEach(() => {
  // Below one that everybody may enter.
  directory = join(tempDirectory(), 'etc');
  file = join(directory, 'Corefile');
  chmodSync(dirname(directory), 0o755);
  mkdirSync(directory);
  writeFileSync(file, '. {\n}\n');
  modes(0o755, 0o644);
});

function modes(ofDirectory: number, ofFile: number): void {
  chmodSync(file, ofFile);
  chmodSync(directory, ofDirectory);
}

describe('a file for another user', () => {
  it('can be read when everybody may', () => {
    expect(obstacleFor(OTHER_USER, file)).toBeUndefined();
  });

  it('cannot when it is its owner’s alone', () => {
    modes(0o755, 0o600);
    expect(obstacleFor(OTHER_USER, file)).toBe(file);
  });

  it('cannot when it stands in a closed directory, which is named', () => {
    modes(0o700, 0o644);
    expect(obstacleFor(OTHER_USER, file)).toBe(directory);
  });

  it('is what a link leads to', () => {
    const link = join(dirname(directory), 'link');
    symlinkSync(file, link);
    modes(0o755, 0o600);
    expect(obstacleFor(OTHER_USER, link)).toBe(file);
  });

  it('is no obstacle to root', () => {
    modes(0o700, 0o600);
    expect(obstacleFor(0, file)).toBeUndefined();
  });
});

it('can be read by its owner, who is not root', () => {
  modes(0o700, 0o600);
  // Root, for whom nothing stands in the way, can give it to somebody for whom something might.
  const owner = OWN_USER === 0 ? OTHER_USER : OWN_USER;
  for (const path of [file, directory]) chownSync(path, owner, process.getgid?.() ?? 0);
  expect(obstacleFor(owner, file)).toBeUndefined();
  expect(obstacleFor(owner + 1, file)).toBe(directory);
});

it('is missing: that is said', () => {
  expect(() => obstacleFor(OTHER_USER, join(directory, 'nothing'))).toThrow('ENOENT');
});
