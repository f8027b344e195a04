import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { multisocket } from '../../../src/plugins/multisocket/setup.ts';
import { generationOf } from '../../serve/make-generation.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';

function workers(text: string): number | undefined {
  const context = fakeContext();
  expect(multisocket.setup(cursorOf(text), context)).toBeUndefined();
  return context.settings.workers;
}

const block = (zone: string, ...lines: string[]): string => `${zone} {\n${lines.join('\n')}\nwhoami\n}\n`;

describe('multisocket', () => {
  it.each([
    { text: 'multisocket 1', expected: 1 },
    { text: 'multisocket 2', expected: 2 },
    { text: 'multisocket +7', expected: 7 },
    { text: 'multisocket 1024', expected: 1024 },
  ])('$text', ({ text, expected }) => {
    expect(workers(text)).toBe(expected);
  });

  it('without a number takes as many as there are processors', () => {
    expect(workers('multisocket')).toBe(availableParallelism());
  });

  it.each([
    { text: 'multisocket two', error: 'invalid num sockets: strconv.Atoi: parsing "two": invalid syntax' },
    { text: 'multisocket 1.5', error: 'invalid num sockets: strconv.Atoi: parsing "1.5": invalid syntax' },
    { text: 'multisocket 0', error: 'num sockets can not be zero or negative: 0' },
    { text: 'multisocket -1', error: 'num sockets can not be zero or negative: -1' },
    { text: 'multisocket 1025', error: 'num sockets exceeds maximum (1024): 1025' },
  ])('refuses: $text', ({ text, error }) => {
    expect(() => workers(text)).toThrow(new RangeError(error));
  });

  it.each([
    { what: 'two numbers', text: 'multisocket 2 3', error: "unexpected line ending after '3'" },
    { what: 'itself', text: 'multisocket 2\nmultisocket 2', error: "line ending after 'multisocket'" },
    { what: 'a block', text: 'multisocket 2 {\n}', error: "Unexpected token '{', expecting argument" },
  ])('refuses $what behind the number', ({ text, error }) => {
    expect(() => workers(text)).toThrow(error);
  });

  it('counts for all blocks: the largest number, and 1 without any', () => {
    expect(generationOf(block('a', 'multisocket 2') + block('b', 'multisocket 3') + block('c')).workers).toBe(
      3,
    );
    expect(generationOf(block('a')).workers).toBe(1);
  });
});
