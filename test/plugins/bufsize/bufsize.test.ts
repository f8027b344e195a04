import { describe, expect, it } from 'vitest';
import { bufsize } from '../../../src/plugins/bufsize/setup.ts';
import { makeQuery } from '../../support/query.ts';
import { LastHandler, cursorOf, fakeContext } from '../../support/setup-context.ts';

function limitAfter(corefile: string): number {
  const last = new LastHandler();
  const make = bufsize.setup(cursorOf(corefile), fakeContext());
  if (make === undefined) throw new Error('bufsize has a handler');
  const query = makeQuery('example.org', 'A');
  query.replyLimit = 1400;
  expect(make(last).ask(query)).toBe(last.outcome);
  expect(last.asked).toBe(1);
  return query.replyLimit;
}

describe('bufsize', () => {
  it.each([
    ['bufsize', 1232],
    ['bufsize 512', 512],
    ['bufsize 4096', 4096],
    ['bufsize 600\nbufsize 700', 600],
  ])('%j lets replies over UDP have %i octets', (corefile, octets) => {
    expect(limitAfter(corefile)).toBe(octets);
  });

  it.each([
    ['bufsize 511', '511'],
    ['bufsize 4097', '4097'],
    ['bufsize x', 'x'],
    ['bufsize -1', '-1'],
    ['bufsize 512 1024', '1024'],
  ])('%s is refused', (corefile, word) => {
    expect(() => limitAfter(corefile)).toThrow(
      `Corefile:1 - Error during parsing: Wrong argument count or unexpected line ending after '${word}'`,
    );
  });
});
