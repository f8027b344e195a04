import { rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect, it } from 'vitest';
import { parseCorefile } from '../../src/corefile/parse.ts';
import { NODE_FILES } from '../../src/serve/node-files.ts';
import { upstreamFilesHash } from '../../src/serve/upstream-files.ts';
import { tempFile } from '../support/temp-file.ts';

const hashOf = (text: string): string =>
  upstreamFilesHash(
    parseCorefile({
      file: 'Corefile',
      text,
      directives: new Set(['forward', 'hosts']),
      environment: {},
      files: NODE_FILES,
      warn: () => undefined,
    }),
  );

it('changes with a file that forward names, and when that comes or goes', () => {
  const path = tempFile('nameserver 192.0.2.1\n', 'resolv.conf');
  const text = `. {\n  forward . ${path} {\n    force_tcp\n  }\n}\n`;
  const first = hashOf(text);
  expect(hashOf(text)).toBe(first);
  writeFileSync(path, 'nameserver 192.0.2.2\n');
  const second = hashOf(text);
  rmSync(path);
  expect(new Set([first, second, hashOf(text)]).size).toBe(3);
});

it('knows a file by a path that begins where the daemon was started', () => {
  const path = tempFile('nameserver 192.0.2.1\n', 'resolv.conf');
  const text = `. {\n  forward . ${relative(process.cwd(), path)}\n}\n`;
  const before = hashOf(text);
  writeFileSync(path, 'nameserver 192.0.2.2\n');
  expect(hashOf(text)).not.toBe(before);
});

it('does not look at files of other plugins, which look themselves', () => {
  const path = tempFile('192.0.2.1 a\n', 'hosts');
  const text = `. {\n  hosts ${path}\n  forward . 192.0.2.1\n}\n`;
  const before = hashOf(text);
  writeFileSync(path, '192.0.2.2 a\n');
  expect(hashOf(text)).toBe(before);
});
