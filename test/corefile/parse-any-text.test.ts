import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorefileError } from '../../src/corefile/corefile-error.ts';
import { tokenize } from '../../src/corefile/lexer.ts';
import { memoryFiles } from './memory-files.ts';
import { parseText } from './parse-text.ts';
import { requote } from './requote.ts';

describe('any text', () => {
  const pieces = '. a a, , { } {} " "" # import s (s) f g * log cache {$A} {$B} {%B%}'.split(' ');
  const words = fc.constantFrom('\n', '\n', '\n', ...pieces);
  const files = memoryFiles({ f: 'log\ncache { import s\n}\n', g: 'a {\nimport f\n', s: '}\n' });
  const environment = { A: 'import', B: 'x {$A} }' };

  it('gives blocks or a CorefileError', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words, { maxLength: 40 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          for (const block of parseText(input, { files, environment })) expect(block.keys).not.toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(CorefileError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('means the same when its words are joined again with quotes', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 40 }), (parts) => {
        const input = parts.join(' ');
        const results = [input, requote(tokenize(input, 'Corefile'))].map((text) => {
          try {
            return parseText(text, { files, environment });
          } catch (error) {
            return String(error);
          }
        });
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    { name: 'keys', text: 'a '.repeat(300_000) },
    { name: 'blocks', text: 'a {\n log\n}\n'.repeat(50_000) },
    { name: 'one directive again and again', text: `. {\n${' log a\n'.repeat(100_000)}}` },
    { name: 'braces', text: `. {\n log ${'{ '.repeat(200_000)}` },
    { name: 'a snippet of braces', text: `(s) ${'{ '.repeat(200_000)}` },
    { name: 'markers that are not closed', text: `. {\n log "${'{$'.repeat(200_000)}"\n}` },
  ])('is read in a time that grows no faster than the text: $name', ({ text }) => {
    // Tens of milliseconds; anything quadratic takes minutes.
    const start = performance.now();
    try {
      parseText(text);
    } catch (error) {
      expect(error).toBeInstanceOf(CorefileError);
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
