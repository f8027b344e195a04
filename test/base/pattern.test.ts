import { createRequire } from 'node:module';
import type * as re2js from 're2js';
import { describe, expect, it, vi } from 'vitest';
import { compilePattern } from '../../src/base/pattern.ts';

describe('matches', () => {
  it('finds the pattern anywhere in the text, unless it is anchored', () => {
    expect(compilePattern('b+').matches('abbc')).toBe(true);
    expect(compilePattern('^b+').matches('abbc')).toBe(false);
    expect(compilePattern('b+$').matches('abbc')).toBe(false);
    expect(compilePattern('').matches('abbc')).toBe(true);
  });

  it('gives the same answer again: nothing is kept from one text to the next', () => {
    const pattern = compilePattern('a');
    expect([1, 2, 3].map(() => pattern.matches('xa'))).toEqual([true, true, true]);
  });
});

describe('groups', () => {
  it('gives the whole match, then each group, empty where it took no part', () => {
    const pattern = compilePattern('(?P<a>[0-9]+)-(x)?(?<b>[0-9]+)');
    expect(pattern.groups('ip-10-2.test')).toEqual(['10-2', '10', '', '2']);
    expect(pattern.namedGroups('ip-10-2.test')).toEqual({ a: '10', b: '2' });
    expect([...pattern.groupNames]).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
  });

  it('takes the leftmost match', () => {
    expect(compilePattern('[0-9]+').groups('a1b22')).toEqual(['1']);
  });

  it('gives nothing without a match', () => {
    const pattern = compilePattern('(?P<a>x)');
    expect(pattern.groups('y')).toBeUndefined();
    expect(Object.keys(pattern.namedGroups('y'))).toEqual([]);
  });

  it('takes names that objects have by themselves', () => {
    expect(compilePattern('(?P<__proto__>a)').namedGroups('a')['__proto__']).toBe('a');
  });
});

describe('what is refused', () => {
  it.each([
    ['an open group', '(', 'error parsing regexp: missing closing ): `(`'],
    ['an open class', '[a', 'error parsing regexp: missing closing ]: `[a`'],
    ['a look-ahead', '(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['a back-reference', '(a)\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
    ['a repetition over 1000', 'a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
  ])('%s, with the text of Go', (_, source, message) => {
    expect(() => compilePattern(source)).toThrow(new RangeError(message));
  });

  it('more than 10,000 characters', () => {
    expect(compilePattern('a'.repeat(10_000)).matches('a')).toBe(false);
    expect(() => compilePattern('a'.repeat(10_001))).toThrow(
      new RangeError('regex pattern too long: 10001 > 10000'),
    );
  });
});

// A pattern may be somebody's mistake; the text comes from the network. With a backtracking engine thirty octets of these
// take minutes, and each further octet doubles that.
describe.each([
  ['nested repetition', '^(a+)+$'],
  ['overlapping alternatives', '^(a|a)*$'],
  ['many optional parts', '^(a?){25}a{25}$'],
])('%s takes time in proportion to the text', (_, source) => {
  it('to say whether it matches', () => {
    expect(growth((length) => compilePattern(source).matches(almost(length)))).toBeLessThan(100);
  });

  it('to find its groups', () => {
    expect(growth((length) => compilePattern(source).groups(almost(length)))).toBeLessThan(100);
  });
});

/** Text that all of them match but for its end, so that every way to match it would have to be tried. */
const almost = (length: number): string => `${'a'.repeat(length)}!`;

// The module that `pattern.ts` loads; vitest would import another copy.
const load: (id: 're2js') => typeof re2js = createRequire(import.meta.url);
const { RE2JS } = load('re2js');

it('keeps a bounded part of the states that texts lead it through', () => {
  const compile = vi.spyOn(RE2JS, 'compile');
  // Needs one state for each of the 2^14 ways in which the last characters can have been.
  const pattern = compilePattern('1[01]{13}$');
  const engine: re2js.RE2JS = compile.mock.results[0].value;
  let seed = 1;
  for (let i = 0; i < 400; i++) {
    let text = '';
    while (text.length < 200) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      text += (seed >>> 16).toString(2);
    }
    expect(pattern.matches(text)).toBe(text.at(-14) === '1');
  }
  expect(engine.re2Input.dfa.stateCount).toBeLessThan(500);
  compile.mockRestore();
});

/** How many times longer sixteen times as much text takes, best of five runs of each. */
function growth(run: (length: number) => unknown): number {
  const best = (length: number): number => {
    let shortest = Infinity;
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      run(length);
      shortest = Math.min(shortest, performance.now() - start);
    }
    return shortest;
  };
  const short = best(1000);
  return best(16_000) / short;
}
