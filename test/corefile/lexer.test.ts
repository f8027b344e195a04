import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenize } from '../../src/corefile/lexer.ts';
import { requote } from './requote.ts';

function texts(input: string): string[] {
  return tokenize(input, 'Corefile').map((token) => token.text);
}

describe('tokenize', () => {
  it.each([
    { name: 'nothing', input: '', words: [] },
    { name: 'white space only', input: ' \t\r\n', words: [] },
    { name: 'words between spaces and tabs', input: ' a \t b ', words: ['a', 'b'] },
    { name: 'words between vertical tab and form feed', input: 'a\vb\fc', words: ['a', 'b', 'c'] },
    {
      name: 'words between Unicode spaces',
      input: 'a\u0085b\u00A0c\u2003d\u3000e',
      words: ['a', 'b', 'c', 'd', 'e'],
    },
    { name: 'no separation at a zero width no-break space', input: 'a\uFEFFb', words: ['a\uFEFFb'] },
    { name: 'a byte order mark is dropped', input: '\uFEFFa', words: ['a'] },
    { name: 'only the first byte order mark is dropped', input: '\uFEFF\uFEFFa', words: ['\uFEFFa'] },
    { name: 'a carriage return vanishes', input: 'a\rb', words: ['ab'] },
    { name: 'carriage returns before line feeds', input: 'a\r\nb\r\n', words: ['a', 'b'] },
    { name: 'braces are words when they stand alone', input: '. { }', words: ['.', '{', '}'] },
    { name: 'braces inside words are characters', input: 'foo{ {$X} {}', words: ['foo{', '{$X}', '{}'] },
    { name: 'quotes join words', input: '"a b" c', words: ['a b', 'c'] },
    { name: 'a quoted word ends at its quote', input: '"a"b', words: ['a', 'b'] },
    { name: 'an empty quoted word', input: 'a "" b', words: ['a', '', 'b'] },
    { name: 'a quote inside a word is a character', input: 'a"b c"', words: ['a"b', 'c"'] },
    { name: 'an escaped quote', input: String.raw`"a \"b\""`, words: ['a "b"'] },
    { name: 'other escapes stay', input: String.raw`"\d+\n"`, words: [String.raw`\d+\n`] },
    {
      name: 'a doubled backslash stays, and escapes nothing',
      input: String.raw`"a\\" b`,
      words: [String.raw`a\\`, 'b'],
    },
    { name: 'a backslash outside quotes', input: String.raw`a\"b`, words: [String.raw`a\"b`] },
    { name: 'a carriage return inside quotes stays', input: '"a\rb"', words: ['a\rb'] },
    { name: 'a comment sign inside quotes', input: '"a # b"', words: ['a # b'] },
    { name: 'a quoted word may span lines', input: '"a\nb"', words: ['a\nb'] },
    { name: 'an unterminated quote ends with the text', input: 'a "b c', words: ['a', 'b c'] },
    { name: 'an unterminated empty quote is no word', input: 'a "', words: ['a'] },
    { name: 'a backslash at the end of an unterminated quote', input: '"a\\', words: ['a'] },
    { name: 'an unterminated quote of one backslash is no word', input: '"\\', words: [] },
    {
      name: 'quoted braces are words like the others',
      input: '"{" "}" "import"',
      words: ['{', '}', 'import'],
    },
    { name: 'a comment line', input: '# a b\nc', words: ['c'] },
    { name: 'a comment at the end', input: 'a # b', words: ['a'] },
    { name: 'a comment behind a word', input: 'foo # bar baz\nd', words: ['foo', 'd'] },
    { name: 'a comment inside a word', input: '8.8.8.8#53\nb', words: ['8.8.8.8', 'b'] },
    { name: 'a comment inside a word ends with the word', input: 'foo#bar baz', words: ['foo', 'baz'] },
    {
      name: 'a comment inside a word goes over a carriage return',
      input: 'foo#bar\rbaz qux',
      words: ['foo', 'qux'],
    },
    { name: 'a comment inside a word at the end', input: 'foo#bar', words: ['foo'] },
    { name: 'a quote in a comment', input: 'a # "b\nc', words: ['a', 'c'] },
    { name: 'a comment behind a quoted word', input: '"a"#b c\nd', words: ['a', 'd'] },
    {
      name: 'no here documents, continuations or backtick quotes',
      input: 'a <<EOF \\\n`b c`',
      words: ['a', '<<EOF', '\\', '`b', 'c`'],
    },
  ])('cuts $name', ({ input, words }) => {
    expect(texts(input)).toEqual(words);
  });

  it('gives each word the line on which it starts', () => {
    const tokens = tokenize('a\n\nb # c\n"d\n\\\ne" f\nfoo#x\ng', 'Corefile');
    expect(tokens.map(({ text, line }) => [text, line])).toEqual([
      ['a', 1],
      ['b', 3],
      ['d\n\\\ne', 4],
      ['f', 6],
      ['foo', 7],
      ['g', 8],
    ]);
  });

  it('gives each word its file', () => {
    expect(tokenize('a b', '/etc/Corefile').map((token) => token.file)).toEqual([
      '/etc/Corefile',
      '/etc/Corefile',
    ]);
  });

  it('never throws, and numbers lines upwards, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...Array.from('a"\\#{} \t\r\n')) }),
        ),
        (text) => {
          let line = 1;
          for (const token of tokenize(text, 'Corefile')) {
            expect(token.line).toBeGreaterThanOrEqual(line);
            line = token.line;
          }
        },
      ),
    );
  });

  it('cuts words that were joined again with quotes into the same words on the same lines', () => {
    // A backslash in front of a quote cannot be written inside quotes.
    const text = fc.string({ unit: fc.constantFrom(...Array.from('ab"#{}, \t\r\n')) });
    fc.assert(
      fc.property(text, (input) => {
        const tokens = tokenize(input, 'Corefile');
        expect(tokenize(requote(tokens), 'Corefile')).toEqual(tokens);
      }),
    );
  });

  it.each([
    { name: 'quotes', text: '"a" '.repeat(250_000) },
    { name: 'one long quoted word', text: `"${'\\"'.repeat(500_000)}` },
    { name: 'glued comments', text: 'a#b '.repeat(250_000) },
    { name: 'carriage returns', text: 'a\r'.repeat(500_000) },
  ])('takes a time that grows no faster than the text: $name', ({ text }) => {
    // A megabyte takes tens of milliseconds; anything quadratic takes minutes.
    const start = performance.now();
    tokenize(text, 'Corefile');
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
