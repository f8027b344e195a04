import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WALL_CLOCK_USES, wallClockLines } from './wall-clock.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');

interface Found {
  readonly file: string;
  readonly line: string;
}

const byPlace = (one: Found, other: Found): number =>
  `${one.file} ${one.line}`.localeCompare(`${other.file} ${other.line}`);

it('src looks at the wall clock only where the list says, and there it does', () => {
  const found = globSync('**/*.ts', { cwd: SRC }).flatMap((file): Found[] =>
    wallClockLines(readFileSync(join(SRC, file), 'utf8')).map((line) => ({ file, line })),
  );
  const allowed = WALL_CLOCK_USES.map(({ file, line }): Found => ({ file, line }));
  expect(found.toSorted(byPlace)).toEqual(allowed.toSorted(byPlace));
});

it('each use has a reason', () => {
  for (const { because } of WALL_CLOCK_USES) expect(because).not.toBe('');
});

describe('looking at the wall clock', () => {
  it.each([
    ['the time', 'const t = Date.now();'],
    ['the time, in another function', 'const now = Date.now;'],
    ['a date', 'const d = new Date();'],
    ['a date of a number, which may be made of the time', 'new Date(ms).toISOString()'],
    ['a date as text', 'const text = Date();'],
    ['the clock by another name', 'const clock = Date;'],
    ['the clock that is to come', 'Temporal.Now.instant()'],
  ])('is found: %s', (_, line) => {
    expect(wallClockLines(`\n  ${line}\n`)).toEqual([line]);
  });

  it.each([
    ['a comment', '// Date.now() jumps'],
    ['a docstring', ' * not `new Date()`'],
    ['the other clock', 'performance.now()'],
    ['a name that has it in it', 'const upDate = lastDated();'],
    ['a type', 'function show(when: Date): void {'],
  ])('is not taken for it: %s', (_, line) => {
    expect(wallClockLines(line)).toEqual([]);
  });
});
