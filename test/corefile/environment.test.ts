import { describe, expect, it } from 'vitest';
import { CorefileError } from '../../src/corefile/corefile-error.ts';
import { substituteEnvironment } from '../../src/corefile/environment.ts';

const environment = {
  ZONE: 'example.org',
  PORT: '5353',
  TWO: 'a b',
  NESTED: '{$ZONE}',
  CROSSED: '{%ZONE%}',
  TOWARDS_UNIX: '{$ZONE}:{$PORT}',
  DOLLARS: '$& $1',
  EMPTY: '',
  UNSET: undefined,
};

function substitute(text: string, variables: Record<string, string | undefined> = environment): string {
  return substituteEnvironment({ file: 'Corefile', line: 7, text }, variables);
}

describe('substituteEnvironment', () => {
  it.each([
    { name: 'a word without markers', text: 'example.org', result: 'example.org' },
    { name: 'the dollar form', text: '{$ZONE}', result: 'example.org' },
    { name: 'the percent form', text: '{%ZONE%}', result: 'example.org' },
    { name: 'markers inside a word', text: 'x.{$ZONE}:{%PORT%}', result: 'x.example.org:5353' },
    { name: 'the same marker twice', text: '{$PORT}{$PORT}', result: '53535353' },
    { name: 'an unset variable', text: 'a{$MISSING}b', result: 'ab' },
    { name: 'a variable that is present without a value', text: 'a{$UNSET}b', result: 'ab' },
    { name: 'an empty variable', text: 'a{%EMPTY%}b', result: 'ab' },
    { name: 'a value with a space stays one word', text: '{$TWO}', result: 'a b' },
    { name: 'a value with a marker of the same form', text: '{$NESTED}', result: 'example.org' },
    { name: 'a percent value with a dollar marker', text: '{%TOWARDS_UNIX%}', result: 'example.org:5353' },
    { name: 'a dollar value with a percent marker comes too late', text: '{$CROSSED}', result: '{%ZONE%}' },
    { name: 'a value that looks like a replacement pattern', text: '{$DOLLARS}', result: '$& $1' },
    { name: 'a dollar marker without a name', text: '{$}', result: '{$}' },
    { name: 'a percent marker without a name', text: '{%%}', result: '{%%}' },
    { name: 'a percent marker that overlaps itself', text: '{%}', result: '{%}' },
    { name: 'nothing behind a marker without a name', text: '{$}{$ZONE}', result: '{$}{$ZONE}' },
    {
      name: 'a percent marker without a name leaves the dollar form alone',
      text: '{%%}{$PORT}',
      result: '{%%}5353',
    },
    { name: 'a marker that is not closed', text: '{$ZONE', result: '{$ZONE' },
    { name: 'a percent marker closed like a dollar marker', text: '{%ZONE}', result: '{%ZONE}' },
    { name: 'braces', text: '{', result: '{' },
    { name: 'names that every object inherits', text: '{$constructor}{$toString}{$__proto__}', result: '' },
    { name: 'names with any character', text: '{$A B}', result: '' },
  ])('replaces $name', ({ text, result }) => {
    expect(substitute(text)).toBe(result);
  });

  it.each([
    { name: 'itself', variables: { A: '{$A}' }, text: '{$A}', last: '{$A}' },
    { name: 'itself and more', variables: { A: 'x{$A}' }, text: '{$A}', last: '{$A}' },
    { name: 'itself twice', variables: { A: '{$A}{$A}' }, text: '{$A}', last: '{$A}' },
    { name: 'itself in percent form', variables: { A: '{%A%}' }, text: '{%A%}', last: '{%A%}' },
  ])('ends with an error when a value names $name', ({ variables, text, last }) => {
    expect(() => substitute(text, variables)).toThrow(
      expect.objectContaining({
        code: 'COREFILE_ENVIRONMENT',
        message: `Corefile:7 - Error during parsing: Too many environment substitutions, last '${last}': does its value refer to itself?`,
      }),
    );
  });

  it('ends with an error when two values name each other', () => {
    expect(() => substitute('{$A}', { A: '{$B}', B: '{$A}' })).toThrow(CorefileError);
  });

  it('ends with an error, not with all memory, when values double each other', () => {
    const variables: Record<string, string> = {};
    for (let index = 0; index < 60; index += 1) variables[`V${index}`] = `{$V${index + 1}}{$V${index + 1}}`;
    variables.V60 = 'x';
    expect(() => substitute('{$V0}', variables)).toThrow(CorefileError);
  });

  it('takes a long value', () => {
    const value = '10.0.0.1 '.repeat(10_000);
    expect(substitute('{$LONG}', { LONG: value })).toBe(value);
  });
});
