import { describe, expect, it } from 'vitest';
import { testsIn } from './test-titles.ts';
import { GAP } from './title.ts';
import type { Title } from './title.ts';

const textOf = (title: Title): string => title.map((part) => (part === GAP ? '…' : part)).join('');

const found = (source: string): readonly string[] =>
  testsIn(source).map(({ path, skipped }) => `${skipped ? 'skipped: ' : ''}${path.map(textOf).join(' > ')}`);

describe('the tests of a file', () => {
  it('are those in the file and in its suites, with the titles around them', () => {
    expect(
      found(`
        import { describe, expect, it, test } from 'vitest';
        it('one', () => { expect(1).toBe(1); });
        describe('a thing', () => {
          describe('of a kind', () => { test('two', async () => {}); });
          it("isn't " + 'three', () => {});
        });
        const suite = (): void => { it(\`four\`, () => {}); };
        for (const x of [1, 2]) it(\`five \${x}\`, () => {});
      `),
    ).toEqual(['one', 'a thing > of a kind > two', "a thing > isn't three", 'four', 'five …']);
  });

  it('are not what only looks like one', () => {
    expect(
      found(`
        // it('in a comment', () => {});
        const text = "it('in a text', () => {})";
        exit('not a test', () => {});
        object.it('a method', () => {});
        expect(it).toBe(it);
      `),
    ).toEqual([]);
  });

  it('have the values of constants in their titles', () => {
    expect(found('const MOST = 3;\nit(`no more than ${MOST} of ${unknown()}`, () => {});')).toEqual([
      'no more than 3 of …',
    ]);
  });
});

describe('a table of tests', () => {
  it.each([
    ['rows in order', "it.each([['a', 1], ['b', 2]])('%s has %i', () => {});", ['a has 1', 'b has 2']],
    ['plain values', "it.each(['a', true])('is %s, as %j', () => {});", ['is a, as …', 'is true, as …']],
    ['values in JSON', "it.each(['a\"b'])('is %j', () => {});", [String.raw`is "a\"b"`]],
    ['named values', "it.each([{ what: 'a', n: 1 }])('$what: $n $other', () => {});", ['a: 1 …']],
    ['a per cent sign', "it.each([['a']])('100 %% of %s', () => {});", ['100 % of a']],
    ['values that are made', "it.each([['a', make()]])('%s: %s', () => {});", ['a: …']],
    ['a named table', "const ROWS = [['a']] as const;\nit.each(ROWS)('%s', () => {});", ['a']],
    ['rows from elsewhere', "it.each(ROWS)('of %s', () => {});", ['of …']],
    ['rows within rows', "const A = [['a']];\nit.each([...A, ['b']])('%s', () => {});", ['a', 'b']],
    ['for', "it.for([['a']])('%s', () => {});", ['a']],
    [
      'suites',
      "describe.each([{ what: 'a', rows: [['x'], ['y']] }])('$what', ({ rows }) => { it.each(rows)('%s', () => {}); });",
      ['a > x', 'a > y'],
    ],
  ])('is one for each row: %s', (_what, source, titles) => {
    expect(found(source)).toEqual(titles);
  });

  it('also has its title as it is written', () => {
    const [{ written }] = testsIn("it.each([['a'], ['b']])('is %s', () => {});");
    expect(written.map(textOf)).toEqual(['is %s']);
  });
});

// The tests in these texts are read; what they skip is nothing of ours.
describe('a test that never runs', () => {
  it.each([
    ['skip', "it.skip('a', () => {});"],
    ['todo', "it.todo('a');"],
    ['no body', "it('a');"],
    ['fails, which passes when it does not hold', "it.fails('a', () => {});"],
    ['skip of a table', "it.skip.each([['a']])('%s', () => {});"],
    ['skip behind a modifier', "it.concurrent.skip('a', () => {});"],
    ['a condition that is always true', "it.skipIf(true)('a', () => {});"],
    ['a condition that never is', "it.runIf(false)('a', () => {});"],
    ['an option', "it('a', { skip: true }, () => {});"],
    ['its first words', "it('a', (context) => { context.skip(); expect(1).toBe(1); });"],
    ['its first words, with a reason', "it('a', ({ skip }) => {});\nit('a', (c) => { c.skip('later'); });"],
  ])('is known as such: %s', (_what, source) => {
    expect(found(source).at(-1)).toBe('skipped: a');
  });

  it('may be in a suite that never runs', () => {
    expect(found("describe.skip('s', () => { it('a', () => {}); });")).toEqual(['skipped: s > a']);
  });

  it.each([
    ['a condition of the machine', "it.skipIf(!hasTools)('a', () => {});"],
    ['a condition within', "it('a', (context) => { if (!ready) context.skip(); });"],
    ['a condition that it gives', "it('a', (context) => { context.skip(!ready, 'not ready'); });"],
  ])('is not one with %s', (_what, source) => {
    expect(found(source)).toEqual(['a']);
  });
});
