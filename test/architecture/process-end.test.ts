/** Who ends a process does so by `cli/end-process.ts`: Node's `process.exit` alone may wait for ever. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', '..', 'src');

/** `main.ts`: a Node so old that it may not load anything of ours. */
const ALLOWED = ['cli/end-process.ts', 'main.ts'];

const ends = (text: string): boolean =>
  text
    .split('\n')
    .some((line) => !/^\s*(?:\/\/|\*|\/\*)/.test(line) && /\bprocess\.exit\b(?!Code)/.test(line));

it('src calls process.exit only where it must', () => {
  const found = globSync('**/*.ts', { cwd: SRC }).filter((file) =>
    ends(readFileSync(join(SRC, file), 'utf8')),
  );
  expect(found.toSorted()).toEqual(ALLOWED);
});
