/**
 * The one bound in octets of all caches of the process, and who leaves for it. When there is no room, answers that are of no more use leave
 * first, whosever they are; then the store that is furthest above its share of the memory gives one up, where shares go by how many answers
 * each may hold: one that has expired and is kept to be given as stale, the oldest first, or else the first in the order of use.
 */
import { FLAG_ESTABLISHED } from './entry-flags.ts';
import type { EntryTable } from './entry-table.ts';
import { EXPIRY_SECOND, FLAGS, HASH, NONE, STORE } from './entry-table.ts';
import { LeftQuestions } from './left-questions.ts';
import type { Store } from './store.ts';

/** Answers of no more use that leave when one is kept: more than one, so that those of a flood leave faster than they came. */
const SPENT_AT_A_TIME = 2;

export class Room {
  /** Octets at most. */
  limitOctets = Infinity;
  /** Octets that are taken. */
  usedOctets = 0;
  private readonly table: EntryTable;
  private readonly forget: (entry: number) => void;
  private readonly left = new LeftQuestions();
  /** Those that have kept something, until they are closed. */
  private readonly stores = new Map<number, Store>();
  /** Answers that all of them together may hold. */
  private capacity = 0;

  /** @param forget gives back all that an entry takes */
  constructor(table: EntryTable, forget: (entry: number) => void) {
    this.table = table;
    this.forget = forget;
  }

  /** The store of an entry. */
  storeOf(entry: number): Store {
    const store = this.stores.get(this.table.get(entry, STORE));
    if (store === undefined) throw new Error('an entry of a store that was closed');
    return store;
  }

  take(store: Store, octets: number): void {
    store.octets += octets;
    this.usedOctets += octets;
  }

  giveBack(store: Store, octets: number): void {
    this.take(store, -octets);
  }

  /** Makes room in the store for an answer of so many octets, which are no more than the limit. */
  make(store: Store, octets: number, nowMs: number): void {
    if (!this.stores.has(store.number)) this.open(store);
    for (let i = 0; i < SPENT_AT_A_TIME; i++) {
      const entry = this.spentEntry(nowMs);
      if (entry === NONE) break;
      this.leave(entry);
    }
    while (store.size >= store.capacity) this.evict(store, nowMs);
    while (this.usedOctets + octets > this.limitOctets) {
      const entry = this.spentEntry(nowMs);
      if (entry === NONE) this.evict(this.payer(store, octets), nowMs);
      else this.leave(entry);
    }
  }

  /** Whether the question with this hash had an answer that left a while ago: it was asked before, and is not asked once. */
  returns(hash: number): boolean {
    return this.left.has(hash);
  }

  /** The store, which is empty, has no more share of the memory, and keeps nothing any more. */
  close(store: Store): void {
    if (this.stores.delete(store.number)) this.capacity -= store.capacity;
    store.isClosed = true;
  }

  private open(store: Store): void {
    this.stores.set(store.number, store);
    this.capacity += store.capacity;
  }

  /** Some entry that is of no more use, not even as a stale answer, or NONE. */
  private spentEntry(nowMs: number): number {
    for (const { expiry, staleSeconds } of this.stores.values()) {
      if (this.isExpired(expiry.top, nowMs - staleSeconds * 1000)) return expiry.top;
    }
    return NONE;
  }

  private isExpired(entry: number, nowMs: number): boolean {
    return entry !== NONE && this.table.get(entry, EXPIRY_SECOND) * 1000 <= nowMs;
  }

  /** One answer of the store leaves to make room: one that has expired, or the first in the order of use, which alone is counted. */
  private evict(store: Store, nowMs: number): void {
    const { top } = store.expiry;
    if (this.isExpired(top, nowMs)) return this.leave(top);
    store.order.relegate();
    const first = store.order.first(Math.floor(nowMs / 1000));
    if (this.isEstablished(first)) this.forget(first);
    else this.leave(first);
    store.evictions.value++;
  }

  /** The answer leaves; its question is remembered. One that was established and not asked for in a while is not worth it. */
  private leave(entry: number): void {
    const wasInUse = this.isEstablished(entry);
    this.left.note(this.table.get(entry, HASH), wasInUse);
    this.forget(entry);
  }

  private isEstablished(entry: number): boolean {
    return (this.table.get(entry, FLAGS) & FLAG_ESTABLISHED) !== 0;
  }

  /**
   * The store that is furthest above its share when this one gets so many octets more. Together they are then above what there is, so one
   * is above its share; only where that is an answer by itself larger than the share of its empty store, another one has to pay.
   */
  private payer(getting: Store, octets: number): Store {
    let payer: Store | undefined;
    let most = -Infinity;
    for (const store of this.stores.values()) {
      const share = (this.limitOctets * store.capacity) / this.capacity;
      const excess = store.octets + (store === getting ? octets : 0) - share;
      if (store.size === 0 || excess <= most) continue;
      payer = store;
      most = excess;
    }
    if (payer === undefined) throw new Error('the memory is full, and every store is empty');
    return payer;
  }
}
