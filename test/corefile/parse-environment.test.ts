import { describe, expect, it } from 'vitest';
import { outline, parseText } from './parse-text.ts';

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

const warningsOf = (text: string, environment: Readonly<Record<string, string | undefined>>): string[] => {
  const warnings: string[] = [];
  parseText(text, { environment, warnings });
  return warnings;
};
const unset = (line: number, name: string): string =>
  `Corefile:${line}: the environment variable ${name} is not set, and nothing stands in its place`;

describe('variables that are not set', () => {
  it('are told with their place, each once', () => {
    const text = '{$ZONE}. {\n log {$NAME}{%NAME%} "{%OTHER%}"\n errors {$NAME}\n}';
    expect(warningsOf(text, { ZONE: undefined })).toEqual([
      unset(1, 'ZONE'),
      unset(2, 'NAME'),
      unset(2, 'OTHER'),
    ]);
  });

  it('are not those that are empty, have no name, or stand where nothing is replaced', () => {
    expect(warningsOf('. {\n log {$NAME} {$} {%%} {$ {%x\n}', { NAME: '' })).toEqual([]);
  });
});
