import { describe, expect, it } from 'vitest';
import { parseGoBoolean } from '../../src/cli/go-boolean.ts';

describe('a switch, as Go reads it', () => {
  it.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('is on: %s', (text) => {
    expect(parseGoBoolean(text)).toBe(true);
  });

  it.each(['0', 'f', 'F', 'false', 'FALSE', 'False'])('is off: %s', (text) => {
    expect(parseGoBoolean(text)).toBe(false);
  });

  it.each(['', 'yes', 'tRUE', ' true', '2'])('is nothing else: "%s"', (text) => {
    expect(() => parseGoBoolean(text)).toThrow(new RangeError(`expected true or false, found "${text}"`));
  });
});
