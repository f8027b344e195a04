import { describe, expect, it } from 'vitest';
import { isWildcard, labelsOf, nameKey, wildcardFor } from '../../../src/plugins/hosts/name-key.ts';
import { makeQuery } from '../../support/query.ts';

const LABEL = 'a'.repeat(63);
/** 255 octets in wire form. */
const LONGEST = `${LABEL}.${LABEL}.${LABEL}.${'b'.repeat(61)}`;

describe('nameKey', () => {
  it.each(['host', 'Host.Example.ORG', 'host.example.org.', '\u00c9t\u00e9.test', LONGEST])(
    'makes of %s what the key of a query for it begins with',
    (name) => {
      const query = makeQuery(name, 'A');
      expect(nameKey(name)).toBe(query.key.slice(0, query.nameLength));
    },
  );

  it.each(['', '.', 'a..b', '.a', 'a\\.b', `${LABEL}a`, `${LONGEST}b`, `a.${LONGEST}`])(
    'refuses %j',
    (name) => {
      expect(nameKey(name)).toBeUndefined();
    },
  );
});

describe('labelsOf', () => {
  it('takes a key apart', () => {
    expect(labelsOf(nameKey('a.example.org') ?? '')).toEqual(['a', 'example', 'org']);
    expect(labelsOf('\0')).toEqual([]);
  });
});

describe('wildcardFor', () => {
  it('puts an asterisk in the place of the first label', () => {
    expect(wildcardFor(nameKey('www.example.org') ?? '')).toBe(nameKey('*.example.org'));
    expect(wildcardFor(nameKey('org') ?? '')).toBe(nameKey('*'));
  });

  it('gives a key that isWildcard knows', () => {
    expect(isWildcard(wildcardFor(nameKey('www.example.org') ?? ''))).toBe(true);
    expect(isWildcard(nameKey('*a.example.org') ?? '')).toBe(false);
    expect(isWildcard(nameKey('a.*.org') ?? '')).toBe(false);
  });
});
