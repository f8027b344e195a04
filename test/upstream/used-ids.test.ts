import { describe, expect, it } from 'vitest';
import { UsedIds } from '../../src/upstream/used-ids.ts';
import { queryWithId } from './query-with-id.ts';

const MOST = 512;

describe('UsedIds', () => {
  it.each([
    ['apart', (number: number) => (number * 40_503) & 0xffff],
    ['side by side', (number: number) => number],
    ['that all fall into one place', (number: number) => number << 10],
    ['up to the last', (number: number) => 0xffff - number],
  ])('finds ids %s', (_, idOf) => {
    const count = idOf(64) > 0xffff ? 64 : MOST;
    const ids = new UsedIds(MOST);
    const queries = Array.from({ length: count }, (__, number) => queryWithId(idOf(number)));
    for (const query of queries) ids.add(query);
    expect(ids.size).toBe(count);
    for (const query of queries) expect(ids.get(query.id)).toBe(query);
    const used = new Set(queries.map(({ id }) => id));
    for (let id = 0; id <= 0xffff; id++) expect(ids.has(id)).toBe(used.has(id));
  });

  it('knows of a settled query that it was there', () => {
    const ids = new UsedIds(MOST);
    const queries = [7, 8, 9].map(queryWithId);
    for (const query of queries) ids.add(query);
    ids.settle(8);
    expect(ids.has(8)).toBe(true);
    expect(ids.get(8)).toBeUndefined();
    expect(ids.size).toBe(3);
    expect(ids.unsettled()).toEqual([
      { id: 7, query: queries[0] },
      { id: 9, query: queries[2] },
    ]);
  });

  it('keeps the id under which a query was asked, when it bears another', () => {
    const ids = new UsedIds(MOST);
    const query = queryWithId(7);
    ids.add(query);
    query.id = 1_000;
    expect(ids.unsettled()).toEqual([{ id: 7, query }]);
    expect(ids.get(7)).toBe(query);
    ids.settle(1_000);
    expect(ids.get(7)).toBe(query);
  });
});
