import { describe, expect, it } from 'vitest';
import { goQuote, goQuoteBytes } from '../../src/base/go-quote.ts';

describe('goQuote', () => {
  it.each([
    { name: 'plain text', text: 'aaa', quoted: '"aaa"' },
    { name: 'nothing', text: '', quoted: '""' },
    { name: 'quotes and backslashes', text: 'a"b\\c', quoted: String.raw`"a\"b\\c"` },
    { name: 'control characters with a name', text: '\n\t\u0007', quoted: String.raw`"\n\t\a"` },
    { name: 'control characters without a name', text: '\u0001\u007F', quoted: String.raw`"\x01\x7f"` },
    { name: 'printable Unicode stays', text: 'zoné ☃', quoted: '"zoné ☃"' },
    { name: 'a space that is not printable', text: '\u00A0', quoted: String.raw`"\u00a0"` },
    { name: 'beyond the basic plane', text: '\u{E0001}', quoted: String.raw`"\U000e0001"` },
  ])('quotes $name', ({ text, quoted }) => {
    expect(goQuote(text)).toBe(quoted);
  });
});

describe('goQuoteBytes', () => {
  it.each([
    { name: 'plain text', text: 'foo', quoted: '"foo"' },
    { name: 'quotes and backslashes', text: '"\\', quoted: String.raw`"\"\\"` },
    { name: 'each byte of a character outside ASCII', text: 'µ', quoted: String.raw`"\xc2\xb5"` },
    { name: 'control characters', text: '\n', quoted: String.raw`"\x0a"` },
  ])('quotes $name', ({ text, quoted }) => {
    expect(goQuoteBytes(text)).toBe(quoted);
  });
});
