import { describe, expect, it } from 'vitest';
import {
  durationArgument,
  integerArgument,
  nextArgument,
  noArguments,
  oneArgument,
  onlyOnce,
  optionalArgument,
  someArguments,
  told,
  unknownProperty,
} from '../../src/corefile/arguments.ts';
import type { Cursor } from '../../src/corefile/cursor.ts';
import { cursorOf } from '../support/setup-context.ts';

/** A cursor on the first word of `text`. */
function on(text: string): Cursor {
  const cursor = cursorOf(text);
  cursor.next();
  return cursor;
}

const wrongCount = (word: string): string =>
  `Corefile:1 - Error during parsing: Wrong argument count or unexpected line ending after '${word}'`;

describe('the number of arguments', () => {
  it.each<[string, (cursor: Cursor) => unknown, string, unknown]>([
    ['none', noArguments, 'x\ny', undefined],
    ['the next one', nextArgument, 'x a b', 'a'],
    ['one', oneArgument, 'x a\ny', 'a'],
    ['one, before a block', oneArgument, 'x a {', 'a'],
    ['one that may be left out', optionalArgument, 'x {', undefined],
    ['one that may be there', optionalArgument, 'x a', 'a'],
    ['some', someArguments, 'x a b {', ['a', 'b']],
  ])('is right: %s', (_name, read, text, value) => {
    expect(read(on(text))).toEqual(value);
  });

  it.each<[string, (cursor: Cursor) => unknown, string, string]>([
    ['one for none', noArguments, 'x a', wrongCount('a')],
    [
      'a block for none',
      noArguments,
      'x {',
      "Corefile:1 - Error during parsing: Unexpected token '{', expecting argument",
    ],
    ['none for the next one', nextArgument, 'x\na', wrongCount('x')],
    ['none for one', oneArgument, 'x', wrongCount('x')],
    ['two for one', oneArgument, 'x a b', wrongCount('b')],
    ['two for at most one', optionalArgument, 'x a b', wrongCount('b')],
    ['none for some', someArguments, 'x {', wrongCount('x')],
  ])('is told when it is wrong: %s', (_name, read, text, message) => {
    expect(() => read(on(text))).toThrow(expect.objectContaining({ name: 'CorefileError', message }));
  });
});

describe('values', () => {
  it('are read as Go reads them', () => {
    expect([integerArgument(on('x'), '+07'), durationArgument(on('x'), '1m30s')]).toEqual([7, 90_000]);
  });

  it.each<[(cursor: Cursor) => unknown, string]>([
    [(cursor) => integerArgument(cursor, '7s'), 'strconv.Atoi: parsing "7s": invalid syntax'],
    [(cursor) => durationArgument(cursor, '7'), 'time: missing unit in duration "7"'],
    [
      (cursor) =>
        told(
          cursor,
          () => {
            throw new RangeError('too green');
          },
          (reason) => `no apple: ${reason}`,
        ),
      'no apple: too green',
    ],
  ])('that cannot be are told with their place', (read, message) => {
    expect(() => read(on('\n\nx'))).toThrow(`Corefile:3 - Error during parsing: ${message}`);
  });
});

it('a directive that may stand once is told of when it stands twice', () => {
  expect(() => onlyOnce(on('x'))).not.toThrow();
  expect(() => onlyOnce(on('x\nx'))).toThrow('this plugin can only be used once per Server Block');
});

it('an option that nobody knows is told by name', () => {
  expect(unknownProperty(on('x')).message).toBe("Corefile:1 - Error during parsing: unknown property 'x'");
});
