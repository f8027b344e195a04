import { describe, expect, it } from 'vitest';
import type { PendingQuery } from '../../src/upstream/pending-query.ts';
import { SentQueries } from '../../src/upstream/sent-queries.ts';
import { queryWithId } from './query-with-id.ts';

const MOST = 64;

function sent(ids: readonly number[]): { all: SentQueries; queries: PendingQuery[] } {
  const all = new SentQueries(MOST);
  const queries = ids.map(queryWithId);
  for (const query of queries) all.add(query);
  return { all, queries };
}

describe('SentQueries', () => {
  it('finds each of as many as there may be, and no other id', () => {
    const ids = Array.from({ length: MOST }, (_, index) => (index * 40_503) & 0xffff);
    const { all, queries } = sent(ids);
    ids.forEach((id, index) => expect(all.get(id)).toBe(queries[index]));
    const found = Array.from({ length: 0x1_0000 }, (_, id) => id).filter((id) => all.has(id));
    expect(found).toEqual(ids.toSorted((one, other) => one - other));
    expect(all.has(-1)).toBe(false);
    expect(all.get(-1)).toBeUndefined();
  });

  it('knows which was sent first, whichever are answered', () => {
    const { all } = sent([5, 0, 9, 7]);
    expect(all.oldest).toBe(5);
    expect(all.delete(9)).toBe(true);
    expect(all.oldest).toBe(5);
    expect(all.delete(5)).toBe(true);
    expect(all.oldest).toBe(0);
    expect(all.delete(5)).toBe(false);
    all.add(queryWithId(5));
    expect([all.delete(0), all.delete(7), all.oldest]).toEqual([true, true, 5]);
    expect(all.delete(5)).toBe(true);
    expect(all.oldest).toBeUndefined();
  });

  it('keeps the id of one that is not waited for, until its answer comes', () => {
    const { all, queries } = sent([1, 2, 3]);
    all.settle(2);
    expect(all.has(2)).toBe(true);
    expect(all.get(2)).toBeUndefined();
    expect(all.unsettled()).toEqual([queries[0], queries[2]]);
    expect(all.delete(2)).toBe(true);
    expect(all.has(2)).toBe(false);
  });

  it('keeps the id under which a query was sent, when it bears another', () => {
    const { all, queries } = sent([1]);
    queries[0].id = 2;
    expect(all.get(1)).toBe(queries[0]);
    expect(all.has(2)).toBe(false);
  });

  it('holds nothing of what has left', () => {
    const { all } = sent([1, 2, 3]);
    all.delete(2);
    expect(all.unsettled()).toHaveLength(2);
    all.clear();
    expect(all.unsettled()).toEqual([]);
    expect(all.oldest).toBeUndefined();
    expect(Reflect.get(all, 'queries')).toEqual(Array.from({ length: MOST }, () => undefined));
  });
});
