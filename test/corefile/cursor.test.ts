import { describe, expect, it } from 'vitest';
import { CorefileError } from '../../src/corefile/corefile-error.ts';
import { Cursor } from '../../src/corefile/cursor.ts';
import { tokenize } from '../../src/corefile/lexer.ts';

function cursorOver(text: string): Cursor {
  return new Cursor('Corefile', tokenize(text, 'Corefile'));
}

/** What a plugin sees that reads its options with `nextBlock`: each first word with the rest of its line. */
function options(cursor: Cursor): string[][] {
  const lines: string[][] = [];
  while (cursor.nextBlock()) lines.push([cursor.value, ...cursor.remainingArgs()]);
  return lines;
}

describe('Cursor', () => {
  it('stands before the first word at the beginning', () => {
    const cursor = cursorOver('cache 30');
    expect([cursor.value, cursor.line, cursor.file]).toEqual(['', 0, 'Corefile']);
  });

  it('reads word after word and stays on the last', () => {
    const cursor = cursorOver('log\nforward . 1.1.1.1');
    const words: string[] = [];
    while (cursor.next()) words.push(`${cursor.line} ${cursor.value}`);
    expect(words).toEqual(['1 log', '2 forward', '2 .', '2 1.1.1.1']);
    expect(cursor.next()).toBe(false);
    expect(cursor.value).toBe('1.1.1.1');
  });

  it('says which file a word came from', () => {
    const cursor = new Cursor('Corefile', [{ file: '/etc/part', line: 3, text: 'log' }]);
    expect(cursor.file).toBe('Corefile');
    cursor.next();
    expect(cursor.file).toBe('/etc/part');
    expect(cursor.error('bad').message).toBe('/etc/part:3 - Error during parsing: bad');
  });

  it('reads arguments to the end of the line', () => {
    const cursor = cursorOver('a b c\nd');
    expect([cursor.nextArg(), cursor.nextArg(), cursor.nextArg(), cursor.nextArg()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(cursor.value).toBe('c');
  });

  it('reads arguments behind a quoted word that spans lines', () => {
    const cursor = cursorOver('a "b\nc" d\ne');
    cursor.next();
    expect(cursor.remainingArgs()).toEqual(['b\nc', 'd']);
  });

  it('does not take the same line of another file for an argument', () => {
    const cursor = new Cursor('Corefile', [
      { file: 'Corefile', line: 1, text: 'log' },
      { file: '/b', line: 1, text: 'log' },
    ]);
    cursor.next();
    expect(cursor.nextArg()).toBe(false);
    expect(cursor.nextLine()).toBe(true);
  });

  it('reads lines only from their first word', () => {
    const cursor = cursorOver('a\nb c\nd');
    expect([cursor.nextLine(), cursor.nextLine(), cursor.nextLine()]).toEqual([true, true, false]);
    expect(cursor.value).toBe('b');
    cursor.next();
    expect([cursor.nextLine(), cursor.value]).toEqual([true, 'd']);
    expect(cursor.nextLine()).toBe(false);
  });

  it('leaves the opening brace unread behind the remaining arguments', () => {
    const cursor = cursorOver('forward . 1.1.1.1 { \n force_tcp \n }');
    cursor.next();
    expect(cursor.remainingArgs()).toEqual(['.', '1.1.1.1']);
    expect(options(cursor)).toEqual([['force_tcp']]);
  });

  it('takes the closing brace of a block on one line for an argument', () => {
    const cursor = cursorOver('cache { success 100 }');
    cursor.next();
    expect(options(cursor)).toEqual([['success', '100', '}']]);
  });

  it('has no arguments where there are no words', () => {
    const cursor = new Cursor('Corefile', []);
    expect([cursor.next(), cursor.nextArg(), cursor.nextLine(), cursor.nextBlock()]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(cursor.remainingArgs()).toEqual([]);
  });

  it.each([
    {
      name: 'a block of several lines',
      text: 'cache {\n success 100 30\n denial 5\n}',
      lines: [
        ['success', '100', '30'],
        ['denial', '5'],
      ],
    },
    { name: 'no block', text: 'cache\ncache', lines: [] },
    { name: 'an empty block', text: 'cache {\n}', lines: [] },
    { name: 'an empty block on one line', text: 'cache { }', lines: [] },
    { name: 'a block whose brace is on the next line', text: 'cache\n{\n success 100\n}', lines: [] },
    { name: 'an argument before the block', text: 'cache 30 {\n success 100\n}', lines: [] },
    { name: 'a block that is not closed', text: 'cache {\n success 100', lines: [['success', '100']] },
    { name: 'a brace and nothing more', text: 'cache {', lines: [] },
  ])('goes through $name', ({ text, lines }) => {
    const cursor = cursorOver(text);
    cursor.next();
    expect(options(cursor)).toEqual(lines);
  });

  it('does not move when no block opens', () => {
    const cursor = cursorOver('cache 30 {\n}');
    cursor.next();
    expect([cursor.nextBlock(), cursor.value]).toEqual([false, 'cache']);
  });

  it.each([
    { name: 'on the same line', text: 'a {\n b {\n c 1\n }\n d 2\n}\na' },
    { name: 'on a line of its own', text: 'a {\n b\n {\n c 1\n }\n d 2\n}\na' },
  ])('enters a block inside a block and comes back, its brace $name', ({ text }) => {
    const cursor = cursorOver(text);
    cursor.next();
    expect([cursor.nextBlock(), cursor.value]).toEqual([true, 'b']);
    expect(options(cursor)).toEqual([['c', '1']]);
    expect(options(cursor)).toEqual([['d', '2']]);
    expect([cursor.next(), cursor.value]).toEqual([true, 'a']);
  });

  it('goes through one occurrence of a directive after the other', () => {
    const cursor = cursorOver('log\nlog a {\n class error\n}\nlog b');
    const seen: unknown[] = [];
    while (cursor.next()) seen.push([cursor.value, cursor.remainingArgs(), options(cursor)]);
    expect(seen).toEqual([
      ['log', [], []],
      ['log', ['a'], [['class', 'error']]],
      ['log', ['b'], []],
    ]);
  });

  it('makes errors at the word read last', () => {
    const cursor = cursorOver('bufsize\n 5000 {');
    cursor.next();
    cursor.next();
    expect(cursor.error('plain words')).toBeInstanceOf(CorefileError);
    const messages = [
      cursor.error('plain words'),
      cursor.argError(),
      cursor.syntaxError('{'),
      cursor.eofError(),
    ].map((error) => error.message);
    expect(messages).toEqual([
      'Corefile:2 - Error during parsing: plain words',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '5000'",
      "Corefile:2 - Syntax error: Unexpected token '5000', expecting '{'",
      'Corefile:2 - Error during parsing: Unexpected EOF',
    ]);
    cursor.next();
    expect(cursor.argError().message).toBe(
      "Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
    );
  });

  it('puts file, line and a code on its errors', () => {
    const cursor = cursorOver('\ncache');
    cursor.next();
    expect(cursor.argError()).toMatchObject({
      name: 'CorefileError',
      code: 'COREFILE_ARGUMENT',
      file: 'Corefile',
      line: 2,
    });
    expect(cursor.error('x').code).toBe('COREFILE_PARSING');
    expect(cursor.syntaxError('{').code).toBe('COREFILE_SYNTAX');
    expect(cursor.eofError().code).toBe('COREFILE_EOF');
  });
});
