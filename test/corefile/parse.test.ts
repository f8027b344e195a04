import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorefileError } from '../../src/corefile/corefile-error.ts';
import { tokenize } from '../../src/corefile/lexer.ts';
import { memoryFiles } from './memory-files.ts';
import { outline, parseText } from './parse-text.ts';
import { requote } from './requote.ts';

describe('the blocks of a Corefile', () => {
  it.each([
    { name: 'an empty text', text: '', blocks: [] },
    { name: 'comments only', text: '# nothing\n', blocks: [] },
    { name: 'an empty block', text: '. {\n}', blocks: [[['.'], {}]] },
    { name: 'an empty block on one line', text: '. { }', blocks: [[['.'], {}]] },
    { name: 'one directive', text: '. {\n whoami\n}', blocks: [[['.'], { whoami: 'whoami' }]] },
    {
      name: 'a directive on the line of the brace',
      text: '. { whoami\n}',
      blocks: [[['.'], { whoami: 'whoami' }]],
    },
    {
      name: 'arguments',
      text: '. {\n forward . 1.1.1.1 "9.9.9.9 x"\n}',
      blocks: [[['.'], { forward: 'forward . 1.1.1.1 9.9.9.9 x' }]],
    },
    {
      name: 'a plugin block',
      text: '. {\n cache {\n success 1\n denial 2\n }\n}',
      blocks: [[['.'], { cache: 'cache { success 1 denial 2 }' }]],
    },
    {
      name: 'a plugin block on one line',
      text: '. {\n cache { success 1 }\n log\n}',
      blocks: [[['.'], { cache: 'cache { success 1 }', log: 'log' }]],
    },
    {
      name: 'words behind a plugin block',
      text: '. {\n cache { } 30\n}',
      blocks: [[['.'], { cache: 'cache { } 30' }]],
    },
    {
      name: 'nested plugin blocks',
      text: '. {\n cache {\n a {\n b\n }\n }\n log\n}',
      blocks: [[['.'], { cache: 'cache { a { b } }', log: 'log' }]],
    },
    {
      name: 'a plugin block that opens on the next line',
      text: '. {\n cache\n {\n a\n }\n log\n}',
      blocks: [[['.'], { cache: 'cache { a }', log: 'log' }]],
    },
    {
      name: 'braces inside words',
      text: '. {\n log a{ }b {}\n}',
      blocks: [[['.'], { log: 'log a{ }b {}' }]],
    },
    { name: 'a quoted brace, which is a brace', text: '. "{"\n log\n"}"', blocks: [[['.'], { log: 'log' }]] },
    {
      name: 'several blocks',
      text: 'a {\n log\n}\nb {\n}\n',
      blocks: [
        [['a'], { log: 'log' }],
        [['b'], {}],
      ],
    },
    {
      name: 'several blocks on one line',
      text: 'a { } b { }',
      blocks: [
        [['a'], {}],
        [['b'], {}],
      ],
    },
    {
      name: 'the brace on the line behind the keys',
      text: 'a\n{\n log\n}',
      blocks: [[['a'], { log: 'log' }]],
    },
    {
      name: 'the same keys twice',
      text: 'a { }\na { }',
      blocks: [
        [['a'], {}],
        [['a'], {}],
      ],
    },
    {
      name: 'repeated directives, put together',
      text: '. {\n log a\n errors\n log b\n}',
      blocks: [[['.'], { log: 'log a log b', errors: 'errors' }]],
    },
    {
      name: 'carriage returns',
      text: '. {\r\n cache 30\r\n log\r\n}\r\n',
      blocks: [[['.'], { cache: 'cache 30', log: 'log' }]],
    },
    {
      name: 'an argument that spans lines',
      text: '. {\n log "a\nb" c\n errors\n}',
      blocks: [[['.'], { log: 'log a\nb c', errors: 'errors' }]],
    },
  ])('are read: $name', ({ text, blocks }) => {
    expect(outline(parseText(text))).toEqual(blocks);
  });

  it('keep directives in the order of their first appearance', () => {
    const [block] = parseText('. {\n log\n errors\n cache\n log\n}');
    expect([...(block?.directives.keys() ?? [])]).toEqual(['log', 'errors', 'cache']);
  });

  it('know where they and their words stand', () => {
    const [, block] = parseText('a {\n}\nb,\n c {\n cache 30 {\n }\n}');
    expect([block?.file, block?.line]).toEqual(['Corefile', 3]);
    expect(block?.directives.get('cache')).toEqual([
      { file: 'Corefile', line: 5, text: 'cache' },
      { file: 'Corefile', line: 5, text: '30' },
      { file: 'Corefile', line: 5, text: '{' },
      { file: 'Corefile', line: 6, text: '}' },
    ]);
  });
});

describe('the keys of a block', () => {
  it.each([
    { name: 'are separated by spaces', text: 'a b c { }', keys: ['a', 'b', 'c'] },
    { name: 'may have commas between them', text: 'a, b, c { }', keys: ['a', 'b', 'c'] },
    { name: 'go on in the next line behind a comma', text: 'a,\n\n b c { }', keys: ['a', 'b', 'c'] },
    { name: 'keep commas inside', text: 'a,b { }', keys: ['a,b'] },
    { name: 'lose only one comma', text: 'a,, b { }', keys: ['a,', 'b'] },
    { name: 'may be a lone comma, which is an empty key', text: 'a , b { }', keys: ['a', '', 'b'] },
    { name: 'leave out empty words', text: 'a "" b { }', keys: ['a', 'b'] },
    { name: 'keep spaces inside quotes', text: '"a b" { }', keys: ['a b'] },
    { name: 'swallow braces that are glued together', text: '. {}', keys: ['.', '{}'] },
    {
      name: 'may be import when it does not begin the line',
      text: 'a import b { }',
      keys: ['a', 'import', 'b'],
    },
    { name: 'may be a lone closing brace', text: '}', keys: ['}'] },
    { name: 'may be all there is', text: 'a b', keys: ['a', 'b'] },
    { name: 'may look like a snippet if there are two', text: '(a) (b) { }', keys: ['(a)', '(b)'] },
    { name: 'may look like a snippet at the end of the file', text: '(a)', keys: ['(a)'] },
  ])('$name', ({ text, keys }) => {
    const blocks = parseText(text);
    expect(blocks).toHaveLength(1);
    expect(blocks[0]?.keys).toEqual(keys);
  });

  it('make no block when there are none', () => {
    expect(parseText('{\n log\n}\n"" {\n errors\n}')).toEqual([]);
  });
});

describe('a block without braces', () => {
  it.each([
    {
      name: 'goes to the end',
      text: '.\nlog\ncache {\n success 1\n}\n',
      blocks: [[['.'], { log: 'log', cache: 'cache { success 1 }' }]],
    },
    { name: 'may end with a stray brace', text: '.\nlog\n}\n', blocks: [[['.'], { log: 'log' }]] },
    {
      name: 'may be followed by others behind a stray brace',
      text: 'a\nlog\n}\nb {\nlog\n}',
      blocks: [
        [['a'], { log: 'log' }],
        [['b'], { log: 'log' }],
      ],
    },
    {
      name: 'may follow a block with braces',
      text: 'a {\n}\nb\nlog',
      blocks: [
        [['a'], {}],
        [['b'], { log: 'log' }],
      ],
    },
  ])('$name', ({ text, blocks }) => {
    expect(outline(parseText(text))).toEqual(blocks);
  });

  it('takes the next block for a directive', () => {
    expect(() => parseText('a\nlog\nb {\n log\n}')).toThrow(
      "Corefile:3 - Error during parsing: Unknown directive 'b'",
    );
  });
});

describe('environment variables', () => {
  const environment = {
    ZONE: 'example.org',
    ZONES: 'a b',
    LIST: 'a,',
    NAME: 'log',
    ARGUMENT: '30 60',
    IMPORT: 'import',
    OPEN: '{',
    LINES: 'a\nb',
    SELF: '{$SELF}',
  };

  it.each([
    { name: 'in keys', text: '{$ZONE}:53 { }', blocks: [[['example.org:53'], {}]] },
    { name: 'in keys, as one key', text: '{$ZONES} { }', blocks: [[['a b'], {}]] },
    { name: 'in keys, with a comma in the value', text: '{$LIST}\nb { }', blocks: [[['a', 'b'], {}]] },
    { name: 'in keys, with nothing in the value', text: 'a {$MISSING} { }', blocks: [[['a'], {}]] },
    { name: 'in directive names', text: '. {\n {$NAME} x\n}', blocks: [[['.'], { log: 'log x' }]] },
    {
      name: 'in arguments, as one word',
      text: '. {\n cache {$ARGUMENT}\n}',
      blocks: [[['.'], { cache: 'cache 30 60' }]],
    },
    {
      name: 'in quoted arguments',
      text: '. {\n log "x {%ZONE%}"\n}',
      blocks: [[['.'], { log: 'log x example.org' }]],
    },
    {
      name: 'in arguments; line breaks in the value join lines, as in CoreDNS',
      text: '. {\n log {$LINES}\n errors\n}',
      blocks: [[['.'], { log: 'log a\nb errors' }]],
    },
    { name: 'not as braces', text: '. {\n log {$OPEN}\n}', blocks: [[['.'], { log: 'log {' }]] },
    {
      name: 'in plugin blocks',
      text: '. {\n cache {\n success {$ARGUMENT}\n }\n}',
      blocks: [[['.'], { cache: 'cache { success 30 60 }' }]],
    },
  ])('are replaced $name', ({ text, blocks }) => {
    expect(outline(parseText(text, { environment }))).toEqual(blocks);
  });

  it('keep arguments of one word apart', () => {
    const [block] = parseText('. {\n cache {$ARGUMENT}\n}', { environment });
    expect(block?.directives.get('cache')).toHaveLength(2);
  });

  it('do not make an import of a directive', () => {
    expect(() => parseText('. {\n {$IMPORT} x\n}', { environment })).toThrow(
      "Corefile:2 - Error during parsing: Unknown directive 'import'",
    );
  });

  it('end with an error when a value names itself', () => {
    expect(() => parseText('. {\n log {$SELF}\n}', { environment })).toThrow(
      "Corefile:2 - Error during parsing: Too many environment substitutions, last '{$SELF}': does its value refer to itself?",
    );
  });
});

describe('what cannot be read', () => {
  const parsing = 'Error during parsing:';
  it.each([
    {
      name: 'an unknown directive',
      text: '. {\n\n foo bar\n}',
      message: `Corefile:3 - ${parsing} Unknown directive 'foo'`,
      code: 'COREFILE_DIRECTIVE',
    },
    {
      name: 'a directive in upper case',
      text: '. {\n LOG\n}',
      message: `Corefile:2 - ${parsing} Unknown directive 'LOG'`,
      code: 'COREFILE_DIRECTIVE',
    },
    {
      name: 'a directive that every object inherits',
      text: '. {\n toString\n}',
      message: `Corefile:2 - ${parsing} Unknown directive 'toString'`,
      code: 'COREFILE_DIRECTIVE',
    },
    {
      name: 'a block without braces on one line',
      text: '.\nwhomi',
      message: `Corefile:2 - ${parsing} Unknown directive 'whomi'`,
      code: 'COREFILE_DIRECTIVE',
    },
    {
      name: 'an opening brace where a directive should be',
      text: '. {\n {\n }\n}',
      message: `Corefile:2 - ${parsing} Unknown directive '{'`,
      code: 'COREFILE_DIRECTIVE',
    },
    {
      name: 'a closing brace on the line of a directive',
      text: '. { whoami }',
      message: `Corefile:1 - ${parsing} Unexpected '}' because no matching opening brace`,
      code: 'COREFILE_PARSING',
    },
    {
      name: 'a second closing brace on the line of a directive',
      text: '. {\n cache { } }',
      message: `Corefile:2 - ${parsing} Unexpected '}' because no matching opening brace`,
      code: 'COREFILE_PARSING',
    },
    {
      name: 'an opening brace behind a comma',
      text: 'a, {\n}',
      message: `Corefile:1 - ${parsing} Expected another address but had '{' - check for extra comma`,
      code: 'COREFILE_PARSING',
    },
    {
      name: 'an opening brace on the line behind a comma',
      text: 'a,\n{\n}',
      message: `Corefile:2 - ${parsing} Expected another address but had '{' - check for extra comma`,
      code: 'COREFILE_PARSING',
    },
    {
      name: 'an opening brace behind a lone comma',
      text: 'a , {\n}',
      message: `Corefile:1 - ${parsing} Expected another address but had '{' - check for extra comma`,
      code: 'COREFILE_PARSING',
    },
    {
      name: 'the end behind a comma',
      text: 'a,\nb,\n\n',
      message: `Corefile:2 - ${parsing} Unexpected EOF`,
      code: 'COREFILE_EOF',
    },
    {
      name: 'a plugin block that is not closed',
      text: '. {\n cache {\n success 1\n',
      message: `Corefile:3 - ${parsing} Unexpected EOF`,
      code: 'COREFILE_EOF',
    },
    {
      name: 'a plugin block that takes the brace of the server block',
      text: '. {\n cache {\n}\nb {\n}',
      message: `Corefile:4 - ${parsing} Unknown directive 'b'`,
      code: 'COREFILE_DIRECTIVE',
    },
    {
      name: 'a server block that is not closed',
      text: '. {\n log\n errors last',
      message: "Corefile:3 - Syntax error: Unexpected token 'last', expecting '}'",
      code: 'COREFILE_SYNTAX',
    },
    {
      name: 'a server block that is only opened',
      text: '. {\n',
      message: "Corefile:1 - Syntax error: Unexpected token '{', expecting '}'",
      code: 'COREFILE_SYNTAX',
    },
  ])('is told: $name', ({ text, message, code }) => {
    const line = Number(/:([0-9]+) /.exec(message)?.[1]);
    expect(() => parseText(text)).toThrow(
      expect.objectContaining({ name: 'CorefileError', message, code, file: 'Corefile', line }),
    );
  });

  it('is told with the path that was given', () => {
    expect(() => parseText('. {', { file: '/etc/coredns/Corefile' })).toThrow(
      /^\/etc\/coredns\/Corefile:1 - /,
    );
  });

  it('is not a server block that ends the file with the brace of a plugin block, as in CoreDNS', () => {
    expect(outline(parseText('. {\n cache {\n success 1\n }\n'))).toEqual([
      [['.'], { cache: 'cache { success 1 }' }],
    ]);
  });
});

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
