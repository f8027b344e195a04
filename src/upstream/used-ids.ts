/**
 * The ids that one socket has used, and the query behind each: an id is used once, so they are only added, and a query that is settled leaves
 * its id behind. Open addressing over the id itself, which is random: 2 octets of each place say which query it is. Not a `Map`,
 * which would be moved into eight tables on its way there (see `base/key-table.ts`).
 */
import { TidyList } from '../base/tidy-list.ts';
import type { PendingQuery } from './pending-query.ts';

const NONE = 0;

export class UsedIds {
  private readonly mask: number;
  /** By id: 1 + the number of the query. */
  private readonly places: Uint16Array;
  private readonly ids: Uint16Array;
  private readonly queries = new TidyList<PendingQuery | undefined>();

  /** @param most ids that will be used: 1 … 16,384 */
  constructor(most: number) {
    const places = 1 << (33 - Math.clz32(most));
    this.mask = places - 1;
    this.places = new Uint16Array(places);
    this.ids = new Uint16Array(most);
  }

  /** Ids that were used. */
  get size(): number {
    return this.queries.length;
  }

  /** Whether the id was used. */
  has(id: number): boolean {
    return this.places[this.placeOf(id)] !== NONE;
  }

  /** The query with this id, unless it is settled or there was none. */
  get(id: number): PendingQuery | undefined {
    const number = this.places[this.placeOf(id)];
    return number === NONE ? undefined : this.queries.get(number - 1);
  }

  /** Uses an id that was not used before, for the query that bears it. */
  add(query: PendingQuery): void {
    this.ids[this.queries.length] = query.id;
    this.queries.push(query);
    this.places[this.placeOf(query.id)] = this.queries.length;
  }

  /** The query with this id is settled. */
  settle(id: number): void {
    const number = this.places[this.placeOf(id)];
    if (number !== NONE) this.queries.set(number - 1, undefined);
  }

  /** Queries that are not settled, each with the id under which it was asked here, in the order in which they came. */
  unsettled(): { readonly id: number; readonly query: PendingQuery }[] {
    const found: { readonly id: number; readonly query: PendingQuery }[] = [];
    for (let index = 0; index < this.queries.length; index++) {
      const query = this.queries.get(index);
      if (query !== undefined) found.push({ id: this.ids[index], query });
    }
    return found;
  }

  private placeOf(id: number): number {
    const { ids, mask, places } = this;
    let place = id & mask;
    while (places[place] !== NONE && ids[places[place] - 1] !== id) place = (place + 1) & mask;
    return place;
  }
}
