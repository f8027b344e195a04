import { describe, expect, it } from 'vitest';
import { outline, parseText } from './parse-text.ts';

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
