import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findViolations, importsOf } from './import-rules.ts';
import type { SourceFile } from './import-rules.ts';
import { EXCEPTIONS, ROOMS } from './rooms.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');

const sourceFiles = (): SourceFile[] =>
  globSync('**/*.ts', { cwd: SRC }).map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }));

/** What is wrong when one file of `src` has this text. */
const wrongIn = (path: string, text: string): readonly string[] => findViolations([{ path, text }]);

/** A file that imports these. */
const importing = (path: string, ...targets: string[]): SourceFile => ({
  path,
  text: targets.map((target) => `import { a } from '${target}';\n`).join(''),
});

describe('the imports of src', () => {
  it('are found at all', () => {
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((file) => importsOf(file.text)).length).toBeGreaterThan(20);
  });

  it('keep to the table of rooms, and make no cycle', () => {
    expect(findViolations(sourceFiles())).toEqual([]);
  });
});

describe('the table of rooms', () => {
  it('names only rooms that it has, each once', () => {
    const names = ROOMS.map((room) => room.name);
    expect(names).toEqual([...new Set(names)]);
    for (const room of ROOMS) {
      expect(names).toEqual(expect.arrayContaining([...room.imports, ...(room.importsTypes ?? [])]));
    }
  });

  it('gives a reason for each exception', () => {
    for (const exception of EXCEPTIONS) expect(exception.because).not.toBe('');
  });
});

describe('reading imports', () => {
  it.each([
    ['a named import', `import { a } from './a.ts';`, './a.ts', false],
    ['an import over several lines', `import {\n  a,\n  b,\n} from './a.ts';`, './a.ts', false],
    ['an import of types', `import type { A } from './a.ts';`, './a.ts', true],
    ['an import of one type among values', `import { type A } from './a.ts';`, './a.ts', false],
    ['a default import that is called type', `import type from './a.ts';`, './a.ts', false],
    ['a namespace', `import * as a from './a.ts';`, './a.ts', false],
    ['an import for its effect', `import './a.ts';`, './a.ts', false],
    ['an export of values', `export { a } from './a.ts';`, './a.ts', false],
    ['an export of everything', `export * from './a.ts';`, './a.ts', false],
    ['an export of types', `export type { A } from './a.ts';`, './a.ts', true],
    ['an import at run time', `const a = await import('./a.ts');`, './a.ts', false],
    ['double quotes', `import { a } from "./a.ts";`, './a.ts', false],
  ])('sees %s', (_name, text, specifier, typesOnly) => {
    expect(importsOf(text)).toEqual([{ specifier, typesOnly, line: 1 }]);
  });

  it.each([
    ['a comment', `// import { a } from './a.ts';\n/**\n * import { b } from './b.ts';\n */`],
    ['an import at run time in a comment', `// await import('./a.ts')\n * import('./b.ts')`],
    ['a string in an exported value', `export const from = 'x';\nexport const text = 'y';`],
    ['an exported function', `export function from(a: string): string {\n  return a + './a.ts';\n}`],
  ])('does not take %s for one', (_name, text) => {
    expect(importsOf(text)).toEqual([]);
  });

  it('gives the line of each, in order', () => {
    const text = `// first\nimport { a } from './a.ts';\nimport type { B } from './b.ts';\n\nawait import('./c.ts');\n`;
    expect(importsOf(text).map((found) => [found.specifier, found.line])).toEqual([
      ['./a.ts', 2],
      ['./b.ts', 3],
      ['./c.ts', 5],
    ]);
  });
});

describe('a forbidden import', () => {
  it.each([
    ['between rooms', 'wire/a.ts', '../listen/b.ts', 'src/wire/a.ts:1: wire may not import listen'],
    ['of the data path by guard', 'guard/a.ts', '../serve/b.ts', 'guard may not import serve'],
    ['of the host by serve', 'serve/a.ts', '../host/b.ts', 'serve may not import host'],
    ['of cli by anything but main', 'serve/a.ts', '../cli/b.ts', 'serve may not import cli'],
    ['of main by cli', 'cli/a.ts', '../main.ts', 'cli may not import main'],
    ['of the list by a plugin', 'plugins/cache/a.ts', '../index.ts', 'plugin cache may not import plugins'],
    [
      'of a plugin by another',
      'plugins/cache/a.ts',
      '../errors/setup.ts',
      'plugin cache may not import plugin errors',
    ],
    [
      'of upstream by a plugin',
      'plugins/cache/a.ts',
      '../../upstream/b.ts',
      'plugin cache may not import upstream',
    ],
    ['without .ts', 'wire/a.ts', './b', `'./b' does not end in .ts`],
    ['of a folder', 'wire/a.ts', '../base', `'../base' does not end in .ts`],
    ['out of src', 'wire/a.ts', '../../test/b.ts', `'../../test/b.ts' leaves src`],
    [
      'of files by wire',
      'wire/a.ts',
      'node:fs',
      `wire does no input or output, and may not import 'node:fs'`,
    ],
    ['of files by base', 'base/a.ts', 'node:fs/promises', 'base does no input or output'],
    ['of the network by corefile', 'corefile/a.ts', 'node:net', 'corefile does no input or output'],
    ['of datagrams by wire', 'wire/a.ts', 'node:dgram', 'wire does no input or output'],
    ['of a module without its prefix', 'wire/a.ts', 'fs', 'wire does no input or output'],
    ['of a package by wire', 'wire/a.ts', 'dns2', 'wire does no input or output'],
    ['of a place without a room', 'serve/a.ts', '../utils/b.ts', `'utils/b.ts' is in no room`],
  ])('%s is told', (_name, path, specifier, message) => {
    expect(wrongIn(path, `import { a } from '${specifier}';`)).toEqual([expect.stringContaining(message)]);
  });

  it('of values where only types are allowed is told', () => {
    expect(wrongIn('chain/a.ts', `import { log } from '../observe/log.ts';`)).toEqual([
      expect.stringContaining('chain may import only types of observe'),
    ]);
    expect(wrongIn('chain/a.ts', `import type { Log } from '../observe/log.ts';`)).toEqual([]);
  });

  it('of types between rooms is as forbidden as that of values', () => {
    expect(wrongIn('wire/a.ts', `import type { A } from '../chain/b.ts';`)).toHaveLength(1);
  });

  it('is told wherever the file is', () => {
    expect(wrongIn('utils/a.ts', '')).toEqual([
      expect.stringContaining('src/utils/a.ts: this place is in no room'),
    ]);
    expect(wrongIn('helpers.ts', '')).toHaveLength(1);
    expect(wrongIn('plugins/helpers.ts', '')).toHaveLength(1);
  });
});

describe('an allowed import', () => {
  it.each([
    ['within a room', 'wire/a.ts', './b.ts'],
    ['within a plugin', 'plugins/cache/a.ts', './b.ts'],
    ['of the plugins by their list', 'plugins/index.ts', './cache/setup.ts'],
    ['of the list by serve', 'serve/a.ts', '../plugins/index.ts'],
    ['of one plugin by serve', 'serve/a.ts', '../plugins/cache/setup.ts'],
    ['of upstream by forward', 'plugins/forward/a.ts', '../../upstream/b.ts'],
    ['of serve by cli', 'cli/a.ts', '../serve/b.ts'],
    ['of guard by main', 'main.ts', './guard/b.ts'],
    ['of paths by corefile', 'corefile/a.ts', 'node:path'],
    ['of files by the one file of base that may', 'base/port-holder.ts', 'node:fs'],
    ['of files by a room that is not pure', 'host/a.ts', 'node:fs'],
    ['of a package by a room that is not pure', 'plugins/cache/a.ts', 'lru-cache'],
  ])('%s passes', (_name, path, specifier) => {
    expect(wrongIn(path, `import { a } from '${specifier}';`)).toEqual([]);
  });
});

describe('an import cycle', () => {
  it('is told with its files', () => {
    const files = [
      importing('wire/a.ts', './b.ts'),
      importing('wire/b.ts', './c.ts'),
      importing('wire/c.ts', './a.ts'),
    ];
    expect(findViolations(files)).toEqual(['import cycle: wire/a.ts → wire/b.ts → wire/c.ts → wire/a.ts']);
  });

  it('is told without the files that only lead to it', () => {
    const files = [
      importing('main.ts', './wire/a.ts'),
      importing('wire/a.ts', './b.ts'),
      importing('wire/b.ts', './a.ts'),
    ];
    expect(findViolations(files)).toEqual(['import cycle: wire/a.ts → wire/b.ts → wire/a.ts']);
  });

  it('of types counts too', () => {
    const files = [
      importing('wire/a.ts', './b.ts'),
      { path: 'wire/b.ts', text: `import type { A } from './a.ts';` },
    ];
    expect(findViolations(files)).toHaveLength(1);
  });

  it('of a file with itself is one', () => {
    expect(findViolations([importing('wire/a.ts', './a.ts')])).toEqual([
      'import cycle: wire/a.ts → wire/a.ts',
    ]);
  });

  it('is not seen where two ways lead to one file', () => {
    const files = [
      importing('wire/a.ts', './b.ts', './c.ts'),
      importing('wire/b.ts', './d.ts'),
      importing('wire/c.ts', './d.ts'),
      importing('wire/d.ts'),
    ];
    expect(findViolations(files)).toEqual([]);
  });
});
