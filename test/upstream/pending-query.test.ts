import { describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../src/base/deadlines.ts';
import { PendingQuery } from '../../src/upstream/pending-query.ts';

const holder = () => ({ expire: () => 'read' });

function makeQuery() {
  const clock = { now: 1_000, nowMs: () => clock.now };
  const asker = { replied: vi.fn(), failed: vi.fn() };
  const query = new PendingQuery(new Uint8Array(20), 1, 9_000, new Deadlines(clock), false, asker);
  return { query, clock, asker };
}

const REPLY = Uint8Array.of(1);

describe('the time that an answer took', () => {
  it('runs from the start where the query stayed where it was', () => {
    const { query } = makeQuery();
    query.holder = holder();
    query.resolve(REPLY, query.holder);
    expect(query.askedMs(1_000)).toBe(1_000);
  });

  it('runs from its last move where the answer came there', () => {
    const { query, clock } = makeQuery();
    clock.now = 1_350;
    query.noteMove(0);
    query.holder = holder();
    query.resolve(REPLY, query.holder);
    expect(query.askedMs(1_000)).toBe(1_350);
  });

  it('runs from the start where the answer came from whom it was moved away from', () => {
    const { query, clock } = makeQuery();
    clock.now = 1_350;
    query.noteMove(0);
    query.holder = holder();
    query.resolve(REPLY, holder());
    expect(query.askedMs(1_000)).toBe(1_000);
  });
});

describe('a query that nobody answers', () => {
  it('may be moved from a new place only when somebody else was answered since', () => {
    const { query } = makeQuery();
    query.answersBefore = 5;
    expect([query.mayMove(5), query.mayMove(6)]).toEqual([false, true]);
  });

  it('may be moved again only when somebody else was answered since', () => {
    const { query } = makeQuery();
    query.sends = 1;
    expect(query.mayMove(5)).toBe(true);
    query.noteMove(5);
    query.sends = 2;
    expect(query.mayMove(5)).toBe(false);
    expect(query.mayMove(6)).toBe(true);
  });

  it('may be sent three times, or less where it has been sent before', () => {
    const { query } = makeQuery();
    query.sends = 2;
    expect([query.maySend, query.mayMove(1)]).toEqual([true, true]);
    query.sends = 3;
    expect([query.maySend, query.mayMove(1)]).toEqual([false, false]);
    query.mostSends = 1;
    query.sends = 1;
    expect(query.maySend).toBe(false);
  });

  it('was sent all the same when its connection ends', () => {
    const { query } = makeQuery();
    query.sends = 3;
    query.noteDeath();
    expect([query.deaths, query.maySend]).toEqual([1, false]);
  });

  it('settles once', () => {
    const { query, asker } = makeQuery();
    query.holder = holder();
    query.expire();
    query.resolve(REPLY, query.holder ?? holder());
    expect(asker.failed).toHaveBeenCalledOnce();
    expect(asker.replied).not.toHaveBeenCalled();
    expect(query.isDone).toBe(true);
  });
});
