import { describe, expect, it } from 'vitest';
import { outline, parseText } from './parse-text.ts';

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
