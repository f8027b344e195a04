/**
 * The memory of all caches of the process, and its one bound in octets. When there is no room, expired answers leave first, whosever they
 * are; then the store that is furthest above its share of the memory gives one up, where shares go by how many answers each may hold.
 *
 * An answer costs the blocks of its message and of the offsets of its TTLs, and its places in table, index and heap: everything that grows
 * with the number of answers is counted. A message is kept with its question folded, and so is its own key.
 */
import type { Query } from '../../chain/query.ts';
import type { ExtendedError } from '../../wire/edns.ts';
import { HEADER_OCTETS, writeUint16 } from '../../wire/header.ts';
import { BLOCK_COST_OCTETS, BlockArena, blocksFor } from './block-arena.ts';
import { CachedReply } from './cached-reply.ts';
import { EntryIndex, INDEX_OCTETS } from './entry-index.ts';
import {
  CACHE,
  ENTRY_OCTETS,
  EXPIRY_SECOND,
  EntryTable,
  FIRST_BLOCK,
  FLAGS,
  HASH,
  LIFE_MS,
  MESSAGE_OCTETS,
  NEXT_IN_BUCKET,
  NONE,
  STORE,
  STORED_HIGH,
  STORED_LOW,
  TTL_COUNT,
  USED_SECOND,
} from './entry-table.ts';
import { HEAP_OCTETS } from './expiry-heap.ts';
import { KeyHash } from './key-hash.ts';
import { Store } from './store.ts';
import type { CacheStores } from './store.ts';

/** Places of an answer in table, index and heap. */
const FIXED_OCTETS = ENTRY_OCTETS + INDEX_OCTETS + HEAP_OCTETS;

/** Bits of FLAGS beside `FLAG_ESTABLISHED`: what was asked, and what is told. */
const FLAG_DNSSEC_OK = 2;
const FLAG_CHECKING_DISABLED = 4;
const ASKED_FLAGS = FLAG_DNSSEC_OK | FLAG_CHECKING_DISABLED;
const FLAG_AUTHENTIC = 8;
/** From this bit on: the number of the Extended DNS Error, 0 for none. */
const ERROR_SHIFT = 8;
/** A configuration has a handful; beyond this answers are kept without. */
const MAX_ERRORS = 255;

/** Expired answers that leave when one is kept: more than one, so that those of a flood leave faster than they came. */
const EXPIRED_AT_A_TIME = 2;

const STORED_UNIT = 2 ** 31;

/** An answer to be kept. */
export interface Answer {
  /** Sound, with the question that it is kept under, without OPT. */
  readonly message: Uint8Array;
  /** Offsets of its TTLs. */
  readonly ttlOffsets: Uint16Array;
  readonly lifeSeconds: number;
  readonly authenticData: boolean;
  /** Told with it to clients that speak EDNS. */
  readonly extendedError: ExtendedError | undefined;
}

export class CacheMemory {
  /** Octets at most. When it is lowered, answers leave as others are kept. */
  limitOctets = Infinity;
  /** Octets that the answers take. */
  usedOctets = 0;
  private readonly table = new EntryTable();
  private readonly index = new EntryIndex(this.table);
  private readonly arena = new BlockArena();
  private readonly hash = new KeyHash();
  private readonly reply = new CachedReply();
  /** Where an answer is laid out before it is written. */
  private scratch = new Uint8Array(1024);
  private readonly stores = new Map<number, Store>();
  private readonly errors: ExtendedError[] = [];
  private lastNumber = 0;
  /** Answers that all stores together may hold. */
  private capacity = 0;

  /** The stores of one more `cache` directive. They have a share of the memory from their first answer on, until they are closed. */
  makeStores(successCapacity: number, denialCapacity: number): CacheStores {
    const success = new Store(++this.lastNumber, successCapacity, this.table);
    const denial = new Store(++this.lastNumber, denialCapacity, this.table);
    return { number: success.number, success, denial };
  }

  /** Forgets all that is in these stores; they keep nothing any more. */
  close({ success, denial }: CacheStores): void {
    for (const store of [success, denial]) {
      for (let entry = store.order.any; entry !== NONE; entry = store.order.any) this.forget(entry);
      if (this.stores.delete(store.number)) this.capacity -= store.capacity;
      store.isClosed = true;
    }
  }

  /** A fresh answer to the question: the positive one, if there are two. @returns its entry, or NONE */
  find({ number, success }: CacheStores, query: Query, nowMs: number): number {
    const { table } = this;
    const hash = this.hash.of(query.keyHalves, query.keyHalfCount, number);
    let found = NONE;
    let entry = this.index.first(hash);
    for (; entry !== NONE; entry = table.get(entry, NEXT_IN_BUCKET)) {
      if (table.get(entry, HASH) !== hash || !this.answers(entry, number, query)) continue;
      if (!this.isFresh(entry, nowMs)) continue;
      if (table.get(entry, STORE) === success.number) return entry;
      found = entry;
    }
    return found;
  }

  isIn(entry: number, store: Store): boolean {
    return this.table.get(entry, STORE) === store.number;
  }

  /** The answer of an entry. It holds until the next call; see `Reply.kept`. */
  use(entry: number, nowMs: number): CachedReply {
    const { table, reply } = this;
    const second = Math.floor(nowMs / 1000);
    // Once a second is enough to know what is in use.
    if (table.get(entry, USED_SECOND) !== second) {
      table.set(entry, USED_SECOND, second);
      this.storeOf(entry).order.use(entry);
    }
    const flags = table.get(entry, FLAGS);
    this.arena.read(table.get(entry, FIRST_BLOCK), reply.words);
    const ageSeconds = Math.max(0, Math.floor((nowMs - this.storedMs(entry)) / 1000));
    reply.fill(
      table.get(entry, MESSAGE_OCTETS),
      table.get(entry, TTL_COUNT),
      ageSeconds,
      (flags & FLAG_AUTHENTIC) !== 0,
    );
    reply.extendedError = flags >>> ERROR_SHIFT === 0 ? undefined : this.errors[(flags >>> ERROR_SHIFT) - 1];
    return reply;
  }

  /** Keeps the answer to the question instead of what the store had. */
  keep(stores: CacheStores, store: Store, query: Query, answer: Answer, nowMs: number): void {
    const { table } = this;
    this.drop(stores, store, query);
    const octets = costOf(answer);
    if (octets > this.limitOctets || store.isClosed) return;
    if (!this.stores.has(store.number)) this.open(store);
    this.makeRoom(store, octets, nowMs);
    const entry = table.take();
    table.set(entry, HASH, this.hash.of(query.keyHalves, query.keyHalfCount, stores.number));
    table.set(entry, STORE, store.number);
    table.set(entry, CACHE, stores.number);
    this.write(entry, answer, query);
    table.set(entry, STORED_HIGH, Math.floor(nowMs / STORED_UNIT));
    table.set(entry, STORED_LOW, nowMs % STORED_UNIT);
    const lifeMs = Math.round(answer.lifeSeconds * 1000);
    table.set(entry, LIFE_MS, lifeMs);
    table.set(entry, EXPIRY_SECOND, Math.ceil((nowMs + lifeMs) / 1000));
    table.set(entry, USED_SECOND, NONE);
    table.set(entry, FLAGS, askedFlags(query) | this.toldFlags(answer));
    this.index.add(entry);
    store.expiry.add(entry);
    store.order.add(entry);
    store.octets += octets;
    this.usedOctets += octets;
  }

  /** Forgets the answer to the question that the store has, if any. */
  drop({ number }: CacheStores, store: Store, query: Query): void {
    const { table } = this;
    const hash = this.hash.of(query.keyHalves, query.keyHalfCount, number);
    let entry = this.index.first(hash);
    for (; entry !== NONE; entry = table.get(entry, NEXT_IN_BUCKET)) {
      if (table.get(entry, HASH) !== hash || !this.isIn(entry, store)) continue;
      if (this.answers(entry, number, query)) return this.forget(entry);
    }
  }

  private open(store: Store): void {
    this.stores.set(store.number, store);
    this.capacity += store.capacity;
  }

  private answers(entry: number, cache: number, query: Query): boolean {
    const { table } = this;
    if (table.get(entry, CACHE) !== cache) return false;
    if ((table.get(entry, FLAGS) & ASKED_FLAGS) !== askedFlags(query)) return false;
    const first = table.get(entry, FIRST_BLOCK);
    return this.arena.equals(first, HEADER_OCTETS, query.keyOctets, query.questionLength);
  }

  private isFresh(entry: number, nowMs: number): boolean {
    return nowMs - this.storedMs(entry) < this.table.get(entry, LIFE_MS);
  }

  private storedMs(entry: number): number {
    return this.table.get(entry, STORED_HIGH) * STORED_UNIT + this.table.get(entry, STORED_LOW);
  }

  private storeOf(entry: number): Store {
    const store = this.stores.get(this.table.get(entry, STORE));
    if (store === undefined) throw new Error('an entry of a store that was closed');
    return store;
  }

  /** Message, then the offsets of its TTLs. */
  private write(entry: number, { message, ttlOffsets }: Answer, query: Query): void {
    const { table } = this;
    const length = message.length + ttlOffsets.length * 2;
    if (this.scratch.length < length) this.scratch = new Uint8Array(length);
    const octets = this.scratch;
    octets.set(message);
    for (let i = 0; i < query.nameLength; i++) octets[HEADER_OCTETS + i] = query.keyOctets[i];
    for (let i = 0; i < ttlOffsets.length; i++) writeUint16(octets, message.length + i * 2, ttlOffsets[i]);
    table.set(entry, FIRST_BLOCK, this.arena.write(octets, length));
    table.set(entry, MESSAGE_OCTETS, message.length);
    table.set(entry, TTL_COUNT, ttlOffsets.length);
  }

  private toldFlags({ authenticData, extendedError }: Answer): number {
    return (authenticData ? FLAG_AUTHENTIC : 0) | (this.numberOfError(extendedError) << ERROR_SHIFT);
  }

  private numberOfError(error: ExtendedError | undefined): number {
    if (error === undefined) return 0;
    const known = this.errors.findIndex(({ code, text }) => code === error.code && text === error.text);
    if (known >= 0) return known + 1;
    return this.errors.length < MAX_ERRORS ? this.errors.push(error) : 0;
  }

  private makeRoom(store: Store, octets: number, nowMs: number): void {
    for (let i = 0; i < EXPIRED_AT_A_TIME; i++) {
      const entry = this.expiredEntry(nowMs);
      if (entry === NONE) break;
      this.forget(entry);
    }
    while (store.size >= store.capacity) this.evict(store, nowMs);
    while (this.usedOctets + octets > this.limitOctets) {
      const entry = this.expiredEntry(nowMs);
      if (entry === NONE) this.evict(this.payer(store, octets), nowMs);
      else this.forget(entry);
    }
  }

  /** Some entry that is of no more use, or NONE. */
  private expiredEntry(nowMs: number): number {
    for (const { expiry } of this.stores.values()) if (this.isExpired(expiry.top, nowMs)) return expiry.top;
    return NONE;
  }

  private isExpired(entry: number, nowMs: number): boolean {
    return entry !== NONE && this.table.get(entry, EXPIRY_SECOND) * 1000 <= nowMs;
  }

  /** One answer of the store leaves to make room: one that has expired, or the first in the order of use, which alone is counted. */
  private evict(store: Store, nowMs: number): void {
    const { top } = store.expiry;
    if (this.isExpired(top, nowMs)) return this.forget(top);
    store.order.relegate();
    this.forget(store.order.first(Math.floor(nowMs / 1000)));
    store.evictions.value++;
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

  private forget(entry: number): void {
    const { table } = this;
    const store = this.storeOf(entry);
    const octets = blocksFor(table.get(entry, MESSAGE_OCTETS) + table.get(entry, TTL_COUNT) * 2);
    this.index.remove(entry);
    store.expiry.remove(entry);
    store.order.remove(entry);
    this.arena.release(table.get(entry, FIRST_BLOCK));
    table.giveBack(entry);
    const cost = octets * BLOCK_COST_OCTETS + FIXED_OCTETS;
    store.octets -= cost;
    this.usedOctets -= cost;
  }
}

const costOf = ({ message, ttlOffsets }: Answer): number =>
  blocksFor(message.length + ttlOffsets.length * 2) * BLOCK_COST_OCTETS + FIXED_OCTETS;

const askedFlags = (query: Query): number =>
  (query.dnssecOk ? FLAG_DNSSEC_OK : 0) | (query.checkingDisabled ? FLAG_CHECKING_DISABLED : 0);
