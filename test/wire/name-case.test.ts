import { describe, expect, it } from 'vitest';
import { countLabels, equalFolded, foldInto, foldOctet, isWithin } from '../../src/wire/name.ts';
import { hex, octets } from './raw-message.ts';

const same = (a: string, b: string): boolean => {
  const [left, right] = [octets(a), octets(b)];
  return left.length === right.length && equalFolded(left, 0, right, 0, left.length);
};

describe('case folding', () => {
  it('touches A to Z and no other octet (RFC 4343 section 3)', () => {
    const all = Uint8Array.from({ length: 256 }, (_, octet) => octet);
    const wanted = all.map((octet) => (octet >= 65 && octet <= 90 ? octet + 32 : octet));
    expect(hex(all.map((octet) => foldOctet(octet)))).toBe(hex(wanted));
    const folded = new Uint8Array(256);
    foldInto(all, 0, 256, folded, 0);
    expect(hex(folded)).toBe(hex(wanted));
  });

  it('goes from and to where it is told, also in place', () => {
    const bytes = Uint8Array.from(Buffer.from('ABCDEF'));
    foldInto(bytes, 1, 3, bytes, 1);
    expect(Buffer.from(bytes).toString()).toBe('AbcdEF');
    foldInto(Buffer.from('XYZ'), 1, 2, bytes, 4);
    expect(Buffer.from(bytes).toString()).toBe('Abcdyz');
  });

  it('leaves the length octets of a name alone, the longest too', () => {
    const name = octets(63, Buffer.alloc(63, 'A'), 0);
    const folded = new Uint8Array(name.length);
    foldInto(name, 0, name.length, folded, 0);
    expect(hex(folded)).toBe(hex(octets(63, Buffer.alloc(63, 'a'), 0)));
  });
});

describe('comparing names', () => {
  it.each([
    ['equal octets', 'www.example.org.', 'www.example.org.', true],
    ['other case', 'WwW.eXaMpLe.ORG.', 'wWw.ExAmPlE.org.', true],
    ['another name', 'www.example.org.', 'www.example.com.', false],
    ['"@" and "`" differ by the bit of the case', '\\@.', '`.', false],
    ['"[" and "{" differ by the bit of the case', '[.', '{.', false],
    ['"^" and "~" differ by the bit of the case', '^.', '~.', false],
    ['"0" and DLE differ by the bit of the case', '0.', '\\016.', false],
    ['octets over 127 that are letters in Latin-1', '\\196.', '\\228.', false],
    ['0xC1 and 0xE1: "A" and "a" with the top bit', '\\193.', '\\225.', false],
    ['a dot in a label is not a border', 'a\\.b.', 'a.b.', false],
  ])('%s: %s and %s', (_what, a, b, equal) => {
    expect(same(a, b)).toBe(equal);
    expect(same(b, a)).toBe(equal);
  });
});

describe('a name within a zone', () => {
  it.each([
    ['the zone itself', 'example.org.', 'example.org.', true],
    ['a name below it', 'a.b.example.org.', 'example.org.', true],
    ['other case', 'a.EXAMPLE.org.', 'example.ORG.', true],
    ['every name is within the root', 'a.', '.', true],
    ['the root is within the root', '.', '.', true],
    ['the root is within nothing else', '.', 'org.', false],
    ['the name above it', 'org.', 'example.org.', false],
    ['a name that ends in the same letters', 'badexample.org.', 'example.org.', false],
    ['a label that contains the octets of the zone', 'x\\007example\\003org.', 'example.org.', false],
    ['a dot in a label makes no border', 'x\\.example.org.', 'example.org.', false],
    ['another zone of the same length', 'www.example.com.', 'example.org.', false],
  ])('%s', (_what, name, zone, within) => {
    expect(isWithin(octets(name), octets(zone))).toBe(within);
  });
});

describe('counting labels', () => {
  it.each([
    ['.', 0],
    ['org.', 1],
    ['a.b.c.', 3],
    ['a\\.b.c.', 2],
    ['x.'.repeat(127), 127],
  ])('%s', (name, labels) => {
    expect(countLabels(octets(name))).toBe(labels);
  });

  it('counts from where it is told', () => {
    expect(countLabels(octets(0xff, 'a.b.'), 1)).toBe(2);
  });

  it('ends at the end of octets that are no name', () => {
    expect(countLabels(octets(3, 0x61))).toBe(1);
    expect(countLabels(octets())).toBe(0);
  });
});
