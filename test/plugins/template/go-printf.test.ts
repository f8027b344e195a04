import { describe, expect, it } from 'vitest';
import { parseFormat, printf } from '../../../src/plugins/template/go-printf.ts';
import type { Value } from '../../../src/plugins/template/go-value.ts';

const print = (format: string, ...args: Value[]): string => printf(parseFormat(format), args);

describe('printf', () => {
  it.each<[string, Value[], string]>([
    ['no verb', [], 'no verb'],
    ['100%%', [], '100%'],
    ['%s-%s', ['a', 'b'], 'a-b'],
    ['%v %v %v', ['a', 5n, true], 'a 5 true'],
    ['%v %v', [undefined, ['a', 1n]], '<no value> [a 1]'],
    [
      '%v',
      [
        new Map([
          ['b', 'y'],
          ['a', 'x'],
        ]),
      ],
      'map[a:x b:y]',
    ],
    ['%d', [-5n], '-5'],
    ['%+d', [5n], '+5'],
    ['%x %X %o %b', [255n, 255n, 8n, 5n], 'ff FF 10 101'],
    ['%x %X', ['az', 'az'], '617a 617A'],
    ['%c', [0x4en], 'N'],
    ['%q', ['a"b'], '"a\\"b"'],
    ['%t', [false], 'false'],
    ['%5d|%-5d|%05d|%05d', [42n, 42n, 42n, -42n], '   42|42   |00042|-0042'],
    ['%5s|%-5s|%05s', ['ab', 'ab', 'ab'], '   ab|ab   |000ab'],
    ['%.2s|%.2v', ['abc', 'é€x'], 'ab|é€'],
  ])('prints %s', (format, args, text) => {
    expect(print(format, ...args)).toBe(text);
  });

  it.each<[string, Value[], string]>([
    ['%z', ['a'], 'printf: "%z" is not supported'],
    ['a%', [], 'printf: "%" is not supported'],
    ['%*d', [1n, 2n], 'printf: "%*d" is not supported'],
    ['%1000s', ['a'], 'printf: "%1000s" is not supported'],
    ['%d', ['a'], 'printf: %d does not take a value of type string'],
    ['%s', [1n], 'printf: %s does not take a value of type int'],
    ['%c', [0x11_0000n], 'printf: %c does not take a value of type int'],
    ['%s %s', ['a'], 'printf: %s has no argument'],
    ['%s', ['a', 'b'], 'printf: 1 arguments too many'],
  ])('refuses %s', (format, args, message) => {
    expect(() => print(format, ...args)).toThrow(new RangeError(message));
  });
});
