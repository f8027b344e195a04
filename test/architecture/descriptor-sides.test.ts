import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DESCRIPTOR_USES, HIDES, descriptorImports, mayBeInServe, sidesOf } from './descriptor-sides.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');
const FILES = globSync('**/*.ts', { cwd: SRC })
  .filter(mayBeInServe)
  .map((file) => ({ file, text: readFileSync(join(SRC, file), 'utf8') }));

it('src uses descriptors of files only where the list says, and there it does', () => {
  const found = FILES.map(({ file, text }) => ({ file, imports: descriptorImports(text).imports }));
  expect(
    found.filter(({ imports }) => imports.length > 0).toSorted((a, b) => a.file.localeCompare(b.file)),
  ).toEqual(DESCRIPTOR_USES.map(({ file, imports }) => ({ file, imports })));
});

it('whoever opens on one side stays there, or has a reason', () => {
  const both = DESCRIPTOR_USES.filter(({ imports }) => sidesOf(imports).size > 1);
  expect(both.filter(({ because }) => because === undefined)).toEqual([]);
  const open = DESCRIPTOR_USES.filter(
    ({ imports }) => imports.includes('openSync') && !imports.includes('closeSync'),
  );
  expect(open.filter(({ because }) => because === undefined)).toEqual([]);
});

it('nobody takes the number of a descriptor that a thread has opened', () => {
  const threads = FILES.filter(({ text }) => sidesOf(descriptorImports(text).imports).has('threads'));
  const numbers = threads.filter(({ text }) => /\b(?:file|handle)\??\.fd\b/.test(text));
  expect(numbers.map(({ file }) => file)).toEqual([]);
});

it('nobody hides what is used of node:fs without a reason', () => {
  expect(FILES.filter(({ text }) => descriptorImports(text).isHidden).map(({ file }) => file)).toEqual(HIDES);
});

describe('looking at imports of node:fs', () => {
  it.each([
    ['the main thread’s', "import { closeSync, openSync } from 'node:fs';", ['closeSync', 'openSync']],
    ['the threads’', "import { open } from 'node:fs/promises';", ['open']],
    ['one by another name', "import { write as put } from 'node:fs';", ['write']],
    ['several lines', "import {\n  readFileSync,\n  readSync,\n} from 'node:fs';", ['readSync']],
    ['what takes paths', "import { readFileSync, statSync, watch } from 'node:fs';", []],
    ['types', "import type { open } from 'node:fs/promises';", []],
  ])('finds %s', (_, text, imports) => {
    expect(descriptorImports(text)).toEqual({ imports, isHidden: false });
  });

  it.each([
    ['a namespace', "import * as fs from 'node:fs';"],
    ['a default', "import fs from 'fs';"],
    ['a later import', "const { open } = await import('node:fs/promises');"],
  ])('is not fooled by %s', (_, text) => {
    expect(descriptorImports(text).isHidden).toBe(true);
  });
});
