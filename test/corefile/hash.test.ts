import { describe, expect, it } from 'vitest';
import { hashServerBlocks } from '../../src/corefile/hash.ts';
import { memoryFiles } from './memory-files.ts';
import { parseText } from './parse-text.ts';
import type { ParseOptions } from './parse-text.ts';

function hash(text: string, options: ParseOptions = {}): string {
  return hashServerBlocks(parseText(text, options));
}

const text = 'a b {\n cache 30\n log\n}\n';

describe('hashServerBlocks', () => {
  it('is a SHA-512 in hexadecimal, also of nothing', () => {
    expect(hash(text)).toMatch(/^[0-9a-f]{128}$/);
    expect(hash('')).toMatch(/^[0-9a-f]{128}$/);
  });

  it.each([
    { name: 'it is read again', other: text },
    { name: 'spaces change', other: 'a   b\t{\n\tcache   30\n\tlog\n}' },
    { name: 'a comment is added at the end of a line', other: 'a b {\n cache 30 # seconds\n log\n}' },
    { name: 'quotes are added', other: '"a" b {\n cache "30"\n log\n}' },
  ])('stays the same when $name', ({ other }) => {
    expect(hash(other)).toBe(hash(text));
  });

  it.each([
    { name: 'a key', other: 'a c {\n cache 30\n log\n}\n' },
    { name: 'the grouping of keys', other: '"a b" {\n cache 30\n log\n}\n' },
    { name: 'an argument', other: 'a b {\n cache 31\n log\n}\n' },
    { name: 'the number of arguments', other: 'a b {\n cache 3 0\n log\n}\n' },
    { name: 'the line of a directive', other: 'a b {\n cache 30\n\n log\n}\n' },
    { name: 'the order of directives', other: 'a b {\n log\n cache 30\n}\n' },
    { name: 'the number of blocks', other: `${text}c { }` },
  ])('changes with $name', ({ other }) => {
    expect(hash(other)).not.toBe(hash(text));
  });

  it('changes with the file that is read', () => {
    expect(hash(text, { file: '/etc/Corefile' })).not.toBe(hash(text));
  });

  it('changes with an imported file', () => {
    const [before, after] = ['cache 30', 'cache 60'].map((part) =>
      hash('. {\n import part\n}', { files: memoryFiles({ part }) }),
    );
    expect(after).not.toBe(before);
  });

  it('changes with an environment variable', () => {
    const [before, after] = ['30', '60'].map((ttl) =>
      hash('. {\n cache {$TTL}\n}', { environment: { TTL: ttl } }),
    );
    expect(after).not.toBe(before);
  });
});
