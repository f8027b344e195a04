/** The row of steps that an outcome passes on its way out, and what becomes of it when one of them has to wait or throws. */
import { describe, expect, it, vi } from 'vitest';
import { Later } from '../../src/chain/later.ts';
import { Failure, SILENCE } from '../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../src/chain/outcome.ts';
import { settle } from '../../src/chain/settle.ts';
import { makeQuery } from '../support/query.ts';

const failure = (reason: string): Failure => new Failure(2, reason, 'test');

/** Adds its letter to the reason of a failure. */
const spell = (letter: string, _query: unknown, outcome: Outcome): Outcome =>
  outcome === SILENCE ? outcome : failure((outcome as Failure).reason + letter);

const throwing = (): Outcome => {
  throw new Error('a bug');
};

describe('an outcome that a query waits for', () => {
  it('passes the steps in the order in which they were given, for one promise', async () => {
    const query = makeQuery('a.test.', 'A');
    const later = new Later(query);
    expect(settle(later.promise, spell, 'b', query)).toBe(later.promise);
    expect(settle(later.promise, spell, 'c', query)).toBe(later.promise);
    later.settle(failure('a'));
    expect(await later.promise).toHaveProperty('reason', 'abc');
  });

  it('waits with the rest of the row for a step that waits', async () => {
    const query = makeQuery('a.test.', 'A');
    const later = new Later(query);
    const gate = Promise.withResolvers<Outcome>();
    void settle(later.promise, spell, 'b', query);
    void settle(later.promise, (_self: undefined): Pending => gate.promise, undefined, query);
    void settle(later.promise, spell, 'd', query);
    later.settle(failure('a'));
    gate.resolve(failure('c'));
    expect(await later.promise).toHaveProperty('reason', 'cd');
  });

  it('may be waited for by a query that a step asks again', async () => {
    const query = makeQuery('a.test.', 'A');
    const first = new Later(query);
    const made: Later[] = [];
    const askAgain = (): Pending => {
      const second = new Later(query);
      made.push(second);
      return settle(second.promise, spell, 'c', query);
    };
    void settle(first.promise, askAgain, undefined, query);
    void settle(first.promise, spell, 'd', query);
    first.settle(SILENCE);
    made[0].settle(failure('b'));
    expect(await first.promise).toHaveProperty('reason', 'bcd');
  });

  it('is promised anew to who comes when it is there', async () => {
    const query = makeQuery('a.test.', 'A');
    const later = new Later(query);
    later.settle(failure('a'));
    expect(query.waiting).toBeUndefined();
    const pending = settle(later.promise, spell, 'b', query);
    expect(pending).not.toBe(later.promise);
    expect(await pending).toHaveProperty('reason', 'ab');
  });
});

describe('a bug', () => {
  it.each<[string, (later: Later) => void]>([
    ['in a step', (later) => later.settle(SILENCE)],
    ['in front of all', (later) => later.fail(new Error('a bug'))],
  ])('%s is told every step that asked for it, and rejects', async (_where, end) => {
    const query = makeQuery('a.test.', 'A');
    const later = new Later(query);
    const told = vi.fn();
    void settle(later.promise, throwing, 'first', query, told);
    void settle(later.promise, spell, 'second', query, told);
    void settle(later.promise, spell, 'third', query);
    end(later);
    await expect(later.promise).rejects.toThrow('a bug');
    expect(told.mock.calls).toEqual([
      ['first', query, new Error('a bug')],
      ['second', query, new Error('a bug')],
    ]);
    expect(query.waiting).toBeUndefined();
  });

  it('that a step has waited for does the same', async () => {
    const query = makeQuery('a.test.', 'A');
    const later = new Later(query);
    const told = vi.fn();
    void settle(later.promise, (): Pending => Promise.reject(new Error('a bug')), 'first', query, told);
    void settle(later.promise, spell, 'second', query, told);
    later.settle(SILENCE);
    await expect(later.promise).rejects.toThrow('a bug');
    expect(told.mock.calls.map(([self]: unknown[]) => self)).toEqual(['first', 'second']);
  });

  it('is over where somebody has an outcome all the same', async () => {
    const query = makeQuery('a.test.', 'A');
    const later = new Later(query);
    const told = vi.fn();
    void settle(later.promise, throwing, 'first', query, () => failure('a'));
    void settle(later.promise, spell, 'b', query, told);
    later.settle(SILENCE);
    expect(await later.promise).toHaveProperty('reason', 'ab');
    expect(told).not.toHaveBeenCalled();
  });
});
