import { describe, expect, it } from 'vitest';
import { fullyQualify, lowerCaseName, nameOctets } from '../../src/corefile/domain-name.ts';

describe('fullyQualify', () => {
  it.each([
    { name: 'adds the dot that is missing', text: 'a.b', qualified: 'a.b.' },
    { name: 'keeps the dot that is there', text: 'a.b.', qualified: 'a.b.' },
    { name: 'keeps the root', text: '.', qualified: '.' },
    { name: 'makes the root of nothing', text: '', qualified: '.' },
    { name: 'adds a dot to an escaped one', text: String.raw`a\.`, qualified: String.raw`a\..` },
    { name: 'keeps a dot behind an escaped backslash', text: String.raw`a\\.`, qualified: String.raw`a\\.` },
  ])('$name', ({ text, qualified }) => {
    expect(fullyQualify(text)).toBe(qualified);
  });
});

describe('lowerCaseName', () => {
  it('changes ASCII letters only', () => {
    expect(lowerCaseName('AzZ-É.İ.')).toBe('azz-É.İ.');
  });
});

describe('nameOctets', () => {
  it.each([
    { text: '.', octets: 1 },
    { text: 'a', octets: 3 },
    { text: 'a.', octets: 3 },
    { text: 'ab.cde.', octets: 8 },
    { text: 'é', octets: 4 },
    { text: String.raw`\.\065a.`, octets: 5 },
    { text: String.raw`a\\.b`, octets: 6 },
    { text: 'a.'.repeat(200), octets: 401 },
  ])('counts $octets for $text', ({ text, octets }) => {
    expect(nameOctets(text)).toBe(octets);
  });

  it.each(['', '..', '.a', 'a..', 'a..b', 'a'.repeat(64), 'a\\', String.raw`\999`])(
    "takes '%s' for no name",
    (text) => {
      expect(nameOctets(text)).toBeUndefined();
    },
  );
});
