import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DirectoryWatch } from '../../../src/pillar/files/directory-watch.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDirectory } from '../../support/temp-file.ts';
import { writeVolume } from './kubelet-volume.ts';

/** Longer than any test takes. */
const NEVER_MS = 1_000_000;
const SOON_MS = 20;

function startWatch(directory: string, pollMs: number): { looks: number } {
  const seen = { looks: 0 };
  const watch = new DirectoryWatch([directory], () => seen.looks++, pollMs);
  watch.start();
  onTestFinished(() => watch.stop());
  return seen;
}

it('tells of a new version of a ConfigMap, once, without waiting for the poll', async () => {
  const directory = tempDirectory();
  writeVolume(directory, { a: '1' });
  const seen = startWatch(directory, NEVER_MS);
  writeVolume(directory, { a: '2', b: '3' });
  await eventually(() => seen.looks > 0);
  expect(seen.looks).toBe(1);
});

it('looks from time to time where the kernel has nothing to tell of', async () => {
  const seen = startWatch(join(tempDirectory(), 'missing'), SOON_MS);
  await eventually(() => seen.looks > 2);
});

it('follows a directory that comes, goes and comes again', async () => {
  const directory = join(tempDirectory(), 'late');
  const looks = { told: 0 };
  const watch = new DirectoryWatch([directory], () => looks.told++, NEVER_MS);
  onTestFinished(() => watch.stop());
  for (const _ of ['first', 'second']) {
    mkdirSync(directory);
    // What the poll would do.
    watch.start();
    const before = looks.told;
    writeFileSync(join(directory, 'a'), '');
    await eventually(() => looks.told > before);
    rmSync(directory, { recursive: true });
  }
});
