/**
 * The queries on one stream, in the order in which they were sent. There are a few dozen at most, so they are looked for one by one: a `Map`
 * keeps alive what has left it (see `base/key-table.ts`), a KB for each answer.
 */
import type { PendingQuery } from './pending-query.ts';

export class SentQueries {
  private readonly ids: Uint16Array;
  /** Undefined for one that is not waited for any more, whose answer may still come. */
  private readonly queries: (PendingQuery | undefined)[];
  private count = 0;

  /** @param most at a time */
  constructor(most: number) {
    this.ids = new Uint16Array(most);
    this.queries = Array.from({ length: most });
  }

  /** The id of the one that was sent first; undefined where there is none. */
  get oldest(): number | undefined {
    return this.count === 0 ? undefined : this.ids[0];
  }

  has(id: number): boolean {
    return this.placeOf(id) < this.count;
  }

  /** The query with this id, unless it is not waited for any more, or there is none. */
  get(id: number): PendingQuery | undefined {
    const place = this.placeOf(id);
    return place < this.count ? this.queries[place] : undefined;
  }

  /** The query is sent with its id, which no other one has. There is room for it. */
  add(query: PendingQuery): void {
    this.ids[this.count] = query.id;
    this.queries[this.count++] = query;
  }

  /** The query with this id is not waited for any more; its id is kept. */
  settle(id: number): void {
    const place = this.placeOf(id);
    if (place < this.count) this.queries[place] = undefined;
  }

  /** @returns whether it was there */
  delete(id: number): boolean {
    const place = this.placeOf(id);
    if (place === this.count) return false;
    this.count--;
    this.ids.copyWithin(place, place + 1, this.count + 1);
    for (let at = place; at < this.count; at++) this.queries[at] = this.queries[at + 1];
    this.queries[this.count] = undefined;
    return true;
  }

  /** Those that are waited for. */
  unsettled(): PendingQuery[] {
    return this.queries.filter((query) => query !== undefined);
  }

  clear(): void {
    this.queries.fill(undefined);
    this.count = 0;
  }

  /** Where the id stands, or the number of all where it does not. */
  private placeOf(id: number): number {
    const { count, ids } = this;
    let place = 0;
    while (place < count && ids[place] !== id) place++;
    return place;
  }
}
