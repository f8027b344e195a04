import { describe, expect, it } from 'vitest';
import { metadata } from '../../../src/plugins/metadata/setup.ts';
import { cursorOf, fakeContext } from '../../support/setup-context.ts';

const load = (text: string): unknown => metadata.setup(cursorOf(text), fakeContext());

describe('metadata', () => {
  it.each([
    ['alone', 'metadata'],
    ['with zones', 'metadata a.test 10.0.0.0/8'],
  ])('is accepted %s, and puts nothing into the way of queries', (_, text) => {
    expect(load(text)).toBeUndefined();
  });

  it.each([
    ['a zone that is none', 'metadata a..b', "unable to normalize 'a..b'"],
    [
      'a block',
      'metadata {\n x\n}',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    ],
    [
      'a second line',
      'metadata\nmetadata',
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'metadata'",
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => load(text)).toThrow(message);
  });
});
