import { describe, expect, it, vi } from 'vitest';
import { Failure, SILENCE } from '../../src/chain/outcome.ts';
import type { Outcome } from '../../src/chain/outcome.ts';
import { settle } from '../../src/chain/settle.ts';
import { makeQuery } from '../support/query.ts';

const query = makeQuery('example.org.', 'A');
const REFUSED = new Failure(5, 'no', 'test');

interface Seen {
  readonly calls: Outcome[];
}

const finish = (self: Seen, asked: unknown, outcome: Outcome): Outcome => {
  expect(asked).toBe(query);
  self.calls.push(outcome);
  return SILENCE;
};

describe('settle', () => {
  it('goes on at once with an outcome that is there', () => {
    const seen: Seen = { calls: [] };
    expect(settle(REFUSED, finish, seen, query)).toBe(SILENCE);
    expect(seen.calls).toEqual([REFUSED]);
  });

  it('goes on later with one that is promised', async () => {
    const seen: Seen = { calls: [] };
    const pending = settle(Promise.resolve(REFUSED), finish, seen, query);
    expect(seen.calls).toEqual([]);
    expect(await pending).toBe(SILENCE);
    expect(seen.calls).toEqual([REFUSED]);
  });

  it('lets a rejection through, and does not go on', async () => {
    const seen: Seen = { calls: [] };
    const bug = new Error('a bug');
    await expect(settle(Promise.reject(bug), finish, seen, query)).rejects.toBe(bug);
    expect(seen.calls).toEqual([]);
  });

  it.each<[string, () => Promise<Outcome>, typeof finish]>([
    ['a rejection', () => Promise.reject(new Error('a bug')), finish],
    [
      'what is thrown while it goes on',
      () => Promise.resolve(REFUSED),
      () => {
        throw new Error('a bug');
      },
    ],
  ])('tells who asked for it of %s', async (_what, pending, goOn) => {
    const seen: Seen = { calls: [] };
    const failed = vi.fn();
    await expect(settle(pending(), goOn, seen, query, failed)).rejects.toThrow('a bug');
    expect(failed.mock.calls).toEqual([[seen, query, new Error('a bug')]]);
    const rescued = settle(pending(), goOn, seen, query, () => SILENCE);
    expect(await rescued).toBe(SILENCE);
  });
});
