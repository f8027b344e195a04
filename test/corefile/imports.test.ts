import { describe, expect, it } from 'vitest';
import type { FileAccess } from '../../src/corefile/parse.ts';
import { memoryFiles } from './memory-files.ts';
import { outline, parseText } from './parse-text.ts';

const parsing = 'Error during parsing:';

function repeatedImport(count: number): string {
  return `(s) {\n log\n}\n. {\n${' import s\n'.repeat(count)}}`;
}

describe('a snippet', () => {
  it.each([
    {
      name: 'as a directive',
      text: '(s) {\n log\n errors\n}\n. {\n import s\n cache\n}',
      blocks: [[['.'], { log: 'log', errors: 'errors', cache: 'cache' }]],
    },
    {
      name: 'on the line of the brace',
      text: '(s) {\n log\n}\n. { import s\n}',
      blocks: [[['.'], { log: 'log' }]],
    },
    {
      name: 'inside a plugin block',
      text: '(s) {\n success 1\n}\n. {\n cache {\n import s\n denial 2\n }\n}',
      blocks: [[['.'], { cache: 'cache { success 1 denial 2 }' }]],
    },
    {
      name: 'with a plugin block',
      text: '(s) {\n cache {\n success 1\n }\n}\n. {\n import s\n log\n}',
      blocks: [[['.'], { cache: 'cache { success 1 }', log: 'log' }]],
    },
    {
      name: 'as a whole block',
      text: '(s) {\n a {\n log\n }\n}\nimport s\nb { }',
      blocks: [
        [['a'], { log: 'log' }],
        [['b'], {}],
      ],
    },
    {
      name: 'as further keys behind a comma',
      text: '(s) {\n b c\n}\na,\nimport s\n{\n log\n}',
      blocks: [[['a', 'b', 'c'], { log: 'log' }]],
    },
    {
      name: 'twice in a block',
      text: '(s) {\n log\n}\n. {\n import s\n errors\n import s\n}',
      blocks: [[['.'], { log: 'log log', errors: 'errors' }]],
    },
    {
      name: 'in a snippet',
      text: '(a) {\n log\n}\n(b) {\n errors\n import a\n cache\n}\n. {\n import b\n}',
      blocks: [[['.'], { errors: 'errors', log: 'log', cache: 'cache' }]],
    },
    {
      name: 'first in a snippet in a plugin block',
      text: '(a) {\n success 1\n}\n(b) {\n import a\n}\n. {\n cache {\n import b\n }\n}',
      blocks: [[['.'], { cache: 'cache { success 1 }' }]],
    },
    {
      name: 'by an environment variable',
      text: '(s) {\n log\n}\n. {\n import {$SNIPPET}\n}',
      blocks: [[['.'], { log: 'log' }]],
    },
    { name: 'without a body', text: '(s) {\n}\n. {\n import s\n log\n}', blocks: [[['.'], { log: 'log' }]] },
    { name: 'without a body at the end', text: '(s) {\n}\nimport s', blocks: [] },
    { name: 'never', text: '(s) {\n unknown\n}\n', blocks: [] },
    {
      name: 'before a file of that name',
      text: '(f) {\n log\n}\n. {\n import f\n}',
      blocks: [[['.'], { log: 'log' }]],
    },
  ])('is imported $name', ({ text, blocks }) => {
    const files = memoryFiles({ f: 'errors' });
    expect(outline(parseText(text, { files, environment: { SNIPPET: 's' } }))).toEqual(blocks);
  });

  it('keeps the lines of its definition', () => {
    const [block] = parseText('(s) {\n log\n}\n. {\n import s\n}');
    expect(block?.directives.get('log')).toEqual([{ file: 'Corefile', line: 2, text: 'log' }]);
  });

  it('may be imported where import is not the first word, and then is an argument', () => {
    expect(outline(parseText('(s) {\n x\n}\n. {\n log import s\n}'))).toEqual([
      [['.'], { log: 'log import s' }],
    ]);
  });

  it.each([
    {
      name: 'before it is defined',
      text: '. {\n import s\n}\n(s) {\n log\n}',
      message: `Corefile:2 - ${parsing} File to import not found: s`,
    },
    {
      name: 'inside itself',
      text: '(s) {\n log\n import s\n}',
      message: `Corefile:4 - ${parsing} maximum snippet import depth (10000) exceeded`,
    },
    {
      name: 'inside itself by an environment variable',
      text: '(s) {\n import {$SNIPPET}\n}',
      message: `Corefile:3 - ${parsing} maximum snippet import depth (10000) exceeded`,
    },
    {
      name: 'by each other',
      text: '(a) {\n import b\n}\n(b) {\n import a\n}\n. {\n import a\n}',
      message: `Corefile:5 - ${parsing} maximum snippet import depth (10000) exceeded`,
    },
    {
      name: 'under a name that is taken',
      text: '(s) {\n}\n(s)\n{\n}',
      message: `Corefile:4 - ${parsing} redeclaration of previously declared snippet s`,
    },
    {
      name: 'without braces',
      text: '(s)\nlog\n',
      message: "Corefile:2 - Syntax error: Unexpected token 'log', expecting '{'",
    },
    {
      name: 'without the closing brace',
      text: '(s) {\n log {\n }\n end',
      message: "Corefile:4 - Syntax error: Unexpected token 'end', expecting '}'",
    },
    {
      name: 'with an unknown directive, told where it is defined',
      text: '(s) {\n foo\n}\n. {\n import s\n}',
      message: `Corefile:2 - ${parsing} Unknown directive 'foo'`,
    },
  ])('cannot be used $name', ({ text, message }) => {
    expect(() => parseText(text, { environment: { SNIPPET: 's' } })).toThrow(
      expect.objectContaining({ name: 'CorefileError', message }),
    );
  });

  it('may name itself where import is only an argument', () => {
    expect(outline(parseText('(s) {\n log import s\n}\n. {\n import s\n}'))).toEqual([
      [['.'], { log: 'log import s' }],
    ]);
  });

  it('can be imported ten thousand times, and no more', () => {
    expect(parseText(repeatedImport(10_000))[0]?.directives.get('log')).toHaveLength(10_000);
    expect(() => parseText(repeatedImport(10_001))).toThrow(
      `Corefile:10005 - ${parsing} maximum snippet import depth (10000) exceeded`,
    );
  });
});

describe('a file', () => {
  const files = memoryFiles({
    '/etc/coredns/part': 'log\n  foo\n',
    '/etc/coredns/good': 'log\nerrors',
    '/etc/coredns/zones/a.conf': 'a {\n log\n}\n',
    '/etc/coredns/zones/b.conf': 'b {\n import ../good\n}\n',
    '/etc/coredns/keys': 'a b',
    '/etc/coredns/options': 'success 1\n',
    '/etc/coredns/snippets': '(s) {\n log\n}\n',
    '/etc/coredns/empty': '',
    '/etc/coredns/odd]': 'log',
    '/other/block': 'o { }',
  });
  const parse = (text: string, warnings: string[] = []): unknown[] =>
    outline(
      parseText(text, { file: '/etc/coredns/Corefile', files, warnings, environment: { WHAT: 'good' } }),
    );

  it.each([
    {
      name: 'as directives',
      text: '. {\n import good\n cache\n}',
      blocks: [[['.'], { log: 'log', errors: 'errors', cache: 'cache' }]],
    },
    {
      name: 'as a block',
      text: 'import zones/a.conf\nc { }',
      blocks: [
        [['a'], { log: 'log' }],
        [['c'], {}],
      ],
    },
    {
      name: 'as blocks that match a star',
      text: 'import zones/*.conf',
      blocks: [
        [['a'], { log: 'log' }],
        [['b'], { log: 'log', errors: 'errors' }],
      ],
    },
    {
      name: 'as blocks that match a question mark',
      text: 'import zones/?.conf',
      blocks: [
        [['a'], { log: 'log' }],
        [['b'], { log: 'log', errors: 'errors' }],
      ],
    },
    {
      name: 'as blocks that match a star and a question mark',
      text: 'import zones/?.c*',
      blocks: [
        [['a'], { log: 'log' }],
        [['b'], { log: 'log', errors: 'errors' }],
      ],
    },
    { name: 'as keys', text: 'import keys\nlog', blocks: [[['a', 'b'], { log: 'log' }]] },
    {
      name: 'inside a plugin block',
      text: '. {\n cache {\n import options\n }\n}',
      blocks: [[['.'], { cache: 'cache { success 1 }' }]],
    },
    {
      name: 'that defines snippets',
      text: 'import snippets\n. {\n import s\n}',
      blocks: [[['.'], { log: 'log' }]],
    },
    { name: 'by its absolute path', text: 'import /other/block', blocks: [[['o'], {}]] },
    {
      name: 'by an environment variable',
      text: '. {\n import {$WHAT}\n}',
      blocks: [[['.'], { log: 'log', errors: 'errors' }]],
    },
    {
      name: 'with a quoted path',
      text: '. {\n import "good"\n}',
      blocks: [[['.'], { log: 'log', errors: 'errors' }]],
    },
    {
      name: 'relative to the importing file',
      text: 'import zones/b.conf',
      blocks: [[['b'], { log: 'log', errors: 'errors' }]],
    },
    { name: 'that is empty', text: '. {\n import empty\n log\n}', blocks: [[['.'], { log: 'log' }]] },
    { name: 'that is empty, at the end', text: 'a { }\nimport empty', blocks: [[['a'], {}]] },
    {
      name: 'with a closing bracket in its name',
      text: '. {\n import odd]\n}',
      blocks: [[['.'], { log: 'log' }]],
    },
  ])('is imported $name', ({ text, blocks }) => {
    expect(parse(text)).toEqual(blocks);
  });

  it('gives its words its own path and lines', () => {
    const [block] = parseText('import /other/block', { files });
    expect([block?.file, block?.line]).toEqual(['/other/block', 1]);
    expect(() => parse('. {\n import part\n}')).toThrow(
      `/etc/coredns/part:2 - ${parsing} Unknown directive 'foo'`,
    );
  });

  it('is looked for beside a Corefile without a directory', () => {
    expect(outline(parseText('import f', { files: memoryFiles({ f: 'a { }' }) }))).toEqual([[['a'], {}]]);
  });

  it('is read once, however often it is imported', () => {
    const once = memoryFiles({ f: 'log' });
    parseText('. {\n import f\n import f\n import f\n}', { files: once });
    expect(once.reads).toEqual(['f']);
  });

  it('may be missing for a pattern, which is a warning', () => {
    const warnings: string[] = [];
    expect(parse('import conf.d/*\na { }', warnings)).toEqual([[['a'], {}]]);
    expect(warnings).toEqual(['No files matching import glob pattern: conf.d/*']);
  });

  it('may be missing for a name with a closing bracket, which is a warning too', () => {
    const warnings: string[] = [];
    expect(parse('import a]', warnings)).toEqual([]);
    expect(warnings).toEqual(['No files matching import glob pattern: a]']);
  });

  const glob = 'Glob pattern may only contain one wildcard (*), but has others:';
  it.each([
    {
      name: 'it is missing',
      text: '. {\n import nope\n}',
      message: `/etc/coredns/Corefile:2 - ${parsing} File to import not found: nope`,
    },
    {
      name: 'the path has two stars',
      text: 'import */*',
      message: `/etc/coredns/Corefile:1 - ${parsing} ${glob} /etc/coredns/*/*`,
    },
    {
      name: 'the path has two question marks',
      text: 'import ??',
      message: `/etc/coredns/Corefile:1 - ${parsing} ${glob} /etc/coredns/??`,
    },
    {
      name: 'the path has a set',
      text: 'import /x/[ab]',
      message: `/etc/coredns/Corefile:1 - ${parsing} ${glob} /x/[ab]`,
    },
    {
      name: 'the pattern is broken',
      text: 'import a[',
      message: `/etc/coredns/Corefile:1 - ${parsing} Failed to use import pattern a[: syntax error in pattern`,
    },
    {
      name: 'there is no path',
      text: '. {\n import\n}',
      message: `/etc/coredns/Corefile:2 - ${parsing} Wrong argument count or unexpected line ending after 'import'`,
    },
    {
      name: 'there is no path at the end',
      text: 'import',
      message: `/etc/coredns/Corefile:1 - ${parsing} Wrong argument count or unexpected line ending after 'import'`,
    },
    {
      name: 'the path is empty',
      text: 'import ""',
      message: `/etc/coredns/Corefile:1 - ${parsing} Import requires a non-empty filepath`,
    },
    {
      name: 'the path is an unset variable',
      text: 'import {$NOPE}',
      message: `/etc/coredns/Corefile:1 - ${parsing} Import requires a non-empty filepath`,
    },
    {
      name: 'there are two paths',
      text: '. {\n import good part\n}',
      message: `/etc/coredns/Corefile:2 - ${parsing} Import takes only one argument (glob pattern or file)`,
    },
    {
      name: 'a brace follows',
      text: '. { import good }',
      message: `/etc/coredns/Corefile:1 - ${parsing} Import takes only one argument (glob pattern or file)`,
    },
  ])('cannot be imported when $name', ({ text, message }) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: 'CorefileError', message }));
  });

  it.each([
    {
      name: 'is a directory',
      error: Object.assign(new Error('EISDIR: illegal operation'), { code: 'EISDIR' }),
      message: 'Could not import /x: is a directory',
    },
    {
      name: 'may not be read',
      error: Object.assign(new Error('permission denied'), { code: 'EACCES' }),
      message: 'Could not import /x: permission denied',
    },
    {
      name: 'has a file for a directory',
      error: Object.assign(new Error('no'), { code: 'ENOTDIR' }),
      message: 'File to import not found: /x',
    },
    { name: 'is missing without a code', error: new Error('no'), message: 'File to import not found: /x' },
  ])('cannot be imported when it $name', ({ error, message }) => {
    const broken: FileAccess = {
      ...files,
      read: () => {
        throw error;
      },
    };
    expect(() => parseText('import /x', { files: broken })).toThrow(
      expect.objectContaining({
        message: `Corefile:1 - ${parsing} ${message}`,
        code: 'COREFILE_IMPORT',
        cause: error,
      }),
    );
  });

  it('cannot be imported when the matching of names fails', () => {
    const broken: FileAccess = {
      ...files,
      glob: () => {
        throw new Error('too many levels');
      },
    };
    expect(() => parseText('import x/*', { files: broken })).toThrow(
      `Corefile:1 - ${parsing} Failed to use import pattern x/*: too many levels`,
    );
  });

  it('that imports itself comes to an end', () => {
    const self = memoryFiles({
      '/f': 'log\nimport /f\n',
      '/big': `${'log a b c d e f g\n'.repeat(100)}import /big\n`,
    });
    expect(() => parseText('. {\n import /f\n}', { files: self })).toThrow(
      `/f:2 - ${parsing} maximum file import depth (10000) exceeded`,
    );
    expect(() => parseText('. {\n import /big\n}', { files: self })).toThrow(
      `/big:101 - ${parsing} imports bring more than 1000000 words`,
    );
  });
});
