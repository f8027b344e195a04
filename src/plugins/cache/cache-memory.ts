/**
 * The memory of all caches of the process: keeps answers, finds them, gives them back as replies. Who leaves when there is no room is decided
 * in `room.ts`.
 *
 * An answer costs the blocks of its message and of the offsets of its TTLs, and its places in table, index and heap: everything that grows
 * with the number of answers is counted. A message is kept with its question folded, and so is its own key.
 */
import type { Query } from '../../chain/query.ts';
import type { ExtendedError } from '../../wire/edns.ts';
import { HEADER_OCTETS, writeUint16 } from '../../wire/header.ts';
import { EDE_STALE_ANSWER, EDE_STALE_NXDOMAIN, NXDOMAIN } from '../../wire/registry.ts';
import { BLOCK_COST_OCTETS, BlockArena, blocksFor } from './block-arena.ts';
import { CachedReply } from './cached-reply.ts';
import {
  FLAG_AUTHENTIC,
  FLAG_ESTABLISHED,
  FLAG_NEVER_STALE,
  MAX_ERRORS,
  MAX_USES,
  askedFlags,
  errorFlags,
  errorOf,
  isAsked,
  usesOf,
  withUses,
} from './entry-flags.ts';
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
import { FailureTable } from './failure-table.ts';
import type { FailureDetails } from './failure-table.ts';
import { KeyHash } from './key-hash.ts';
import { Room } from './room.ts';
import { Store } from './store.ts';
import type { CacheStores } from './store.ts';

/** Places of an answer in table, index and heap. */
const FIXED_OCTETS = ENTRY_OCTETS + INDEX_OCTETS + HEAP_OCTETS;

const STALE_ANSWER: ExtendedError = { code: EDE_STALE_ANSWER, text: '' };
const STALE_NXDOMAIN: ExtendedError = { code: EDE_STALE_NXDOMAIN, text: '' };

const STORED_UNIT = 2 ** 31;

/** An answer to be kept. */
export interface Answer {
  /** Sound, with the question that it is kept under, without OPT. */
  readonly message: Uint8Array;
  /** Offsets of its TTLs. */
  readonly ttlOffsets: Uint16Array;
  readonly lifeSeconds: number;
  /** Whether it is of no use once it has expired, whatever the configuration says. */
  readonly neverStale: boolean;
  readonly authenticData: boolean;
  /** Told with it to clients that speak EDNS. */
  readonly extendedError: ExtendedError | undefined;
}

export class CacheMemory {
  private readonly table = new EntryTable();
  private readonly room = new Room(this.table, (entry) => this.forget(entry));
  private readonly index = new EntryIndex(this.table);
  private readonly arena = new BlockArena();
  private readonly hash = new KeyHash();
  private readonly reply = new CachedReply();
  /** Where an answer is laid out before it is written. */
  private scratch = new Uint8Array(1024);
  private readonly errors: ExtendedError[] = [];
  private lastNumber = 0;

  /** Octets at most. When it is lowered, answers leave as others are kept. */
  get limitOctets(): number {
    return this.room.limitOctets;
  }

  set limitOctets(octets: number) {
    this.room.limitOctets = octets;
  }

  /** Octets that the answers take. */
  get usedOctets(): number {
    return this.room.usedOctets;
  }

  /** The stores of one more `cache` directive. They have a share of the memory from their first answer on, until they are closed. */
  makeStores(successCapacity: number, denialCapacity: number): CacheStores {
    const success = new Store(++this.lastNumber, successCapacity, this.table);
    const denial = new Store(++this.lastNumber, denialCapacity, this.table);
    return { number: success.number, success, denial, failures: new FailureTable() };
  }

  /** Forgets all that is in these stores; they keep nothing any more. */
  close({ success, denial }: CacheStores): void {
    for (const store of [success, denial]) {
      for (let entry = store.order.any; entry !== NONE; entry = store.order.any) this.forget(entry);
      this.room.close(store);
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

  /**
   * An answer to the question that has expired and may be given all the same: the positive one, if there are two.
   * @returns its entry, or NONE
   */
  findStale({ number, success, denial }: CacheStores, query: Query, nowMs: number): number {
    const { table } = this;
    const hash = this.hash.of(query.keyHalves, query.keyHalfCount, number);
    let found = NONE;
    let entry = this.index.first(hash);
    for (; entry !== NONE; entry = table.get(entry, NEXT_IN_BUCKET)) {
      if (table.get(entry, HASH) !== hash || !this.answers(entry, number, query)) continue;
      if ((table.get(entry, FLAGS) & FLAG_NEVER_STALE) !== 0 || this.isFresh(entry, nowMs)) continue;
      const isPositive = table.get(entry, STORE) === success.number;
      const { staleSeconds } = isPositive ? success : denial;
      if (this.leftMs(entry, nowMs) + staleSeconds * 1000 <= 0) continue;
      if (isPositive) return entry;
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
      this.room.storeOf(entry).order.use(entry);
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
    const error = errorOf(flags);
    reply.extendedError = error === 0 ? undefined : this.errors[error - 1];
    return reply;
  }

  /** The answer of an entry that has expired, told as such (RFC 8767 section 4, RFC 8914). It holds as that of `use` does. */
  useStale(entry: number, nowMs: number, ttlSeconds: number): CachedReply {
    const reply = this.use(entry, nowMs);
    reply.fixedTtlSeconds = ttlSeconds;
    // What was proved then need not hold now.
    reply.authenticData = false;
    reply.extendedError = reply.rcode === NXDOMAIN ? STALE_NXDOMAIN : STALE_ANSWER;
    return reply;
  }

  /** A failure as an answer without records to this question. It holds as that of `use` does. */
  useFailure(query: Query, { rcode, extendedError }: FailureDetails): CachedReply {
    this.reply.fillFailure(query, rcode);
    this.reply.extendedError = extendedError;
    return this.reply;
  }

  /**
   * Counts a use of the entry, in front of `use`; anew when nobody has asked for longer than a gap.
   * @returns uses so far, at most MAX_USES
   */
  countUse(entry: number, nowMs: number, gapSeconds: number): number {
    const { table } = this;
    const flags = table.get(entry, FLAGS);
    const idleSeconds = Math.floor(nowMs / 1000) - table.get(entry, USED_SECOND);
    const uses = idleSeconds > gapSeconds ? 1 : Math.min(usesOf(flags) + 1, MAX_USES);
    table.set(entry, FLAGS, withUses(flags, uses));
    return uses;
  }

  /** Whether no more than this part of the answer's life is left, in percent; the last second always is. */
  isEnding(entry: number, nowMs: number, percentage: number): boolean {
    const lifeSeconds = this.table.get(entry, LIFE_MS) / 1000;
    return this.leftMs(entry, nowMs) <= Math.ceil((lifeSeconds * percentage) / 100) * 1000;
  }

  /** Keeps the answer to the question instead of what the store had. */
  keep(stores: CacheStores, store: Store, query: Query, answer: Answer, nowMs: number): void {
    const { table } = this;
    const former = this.entryIn(stores, store, query);
    const hash = this.hash.of(query.keyHalves, query.keyHalfCount, stores.number);
    // What is asked for all the time is so across its answers.
    const uses = former === NONE ? 0 : usesOf(table.get(former, FLAGS));
    const wasInUse = former !== NONE && (table.get(former, FLAGS) & FLAG_ESTABLISHED) !== 0;
    const returns = !wasInUse && this.room.returns(hash);
    const usedSecond = former === NONE ? NONE : table.get(former, USED_SECOND);
    if (former !== NONE) this.forget(former);
    const octets = costOf(answer);
    if (octets > this.limitOctets || store.isClosed) return;
    this.room.make(store, octets, nowMs);
    const entry = table.take();
    table.set(entry, HASH, hash);
    table.set(entry, STORE, store.number);
    table.set(entry, CACHE, stores.number);
    this.write(entry, answer, query);
    table.set(entry, STORED_HIGH, Math.floor(nowMs / STORED_UNIT));
    table.set(entry, STORED_LOW, nowMs % STORED_UNIT);
    const lifeMs = Math.round(answer.lifeSeconds * 1000);
    table.set(entry, LIFE_MS, lifeMs);
    table.set(entry, EXPIRY_SECOND, Math.ceil((nowMs + lifeMs) / 1000));
    table.set(entry, USED_SECOND, returns ? Math.floor(nowMs / 1000) : usedSecond);
    table.set(entry, FLAGS, withUses(askedFlags(query) | this.toldFlags(answer), uses));
    this.index.add(entry);
    store.expiry.add(entry);
    store.order.add(entry);
    if (wasInUse || returns) store.order.use(entry);
    this.room.take(store, octets);
  }

  /** Forgets the answer to the question that the store has, if any. */
  drop(stores: CacheStores, store: Store, query: Query): void {
    const entry = this.entryIn(stores, store, query);
    if (entry !== NONE) this.forget(entry);
  }

  /** The answer to the question that the store has, whether it has expired or not, or NONE. */
  private entryIn({ number }: CacheStores, store: Store, query: Query): number {
    const { table } = this;
    const hash = this.hash.of(query.keyHalves, query.keyHalfCount, number);
    let entry = this.index.first(hash);
    for (; entry !== NONE; entry = table.get(entry, NEXT_IN_BUCKET)) {
      if (table.get(entry, HASH) !== hash || !this.isIn(entry, store)) continue;
      if (this.answers(entry, number, query)) break;
    }
    return entry;
  }

  private answers(entry: number, cache: number, query: Query): boolean {
    const { table } = this;
    if (table.get(entry, CACHE) !== cache) return false;
    if (!isAsked(table.get(entry, FLAGS), query)) return false;
    const first = table.get(entry, FIRST_BLOCK);
    return this.arena.equals(first, HEADER_OCTETS, query.keyOctets, query.questionLength);
  }

  private isFresh(entry: number, nowMs: number): boolean {
    return nowMs - this.storedMs(entry) < this.table.get(entry, LIFE_MS);
  }

  /** Until it expires; negative after. */
  private leftMs(entry: number, nowMs: number): number {
    return this.storedMs(entry) + this.table.get(entry, LIFE_MS) - nowMs;
  }

  private storedMs(entry: number): number {
    return this.table.get(entry, STORED_HIGH) * STORED_UNIT + this.table.get(entry, STORED_LOW);
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

  private toldFlags({ authenticData, neverStale, extendedError }: Answer): number {
    const flags = (authenticData ? FLAG_AUTHENTIC : 0) | (neverStale ? FLAG_NEVER_STALE : 0);
    return flags | errorFlags(this.numberOfError(extendedError));
  }

  private numberOfError(error: ExtendedError | undefined): number {
    if (error === undefined) return 0;
    const known = this.errors.findIndex(({ code, text }) => code === error.code && text === error.text);
    if (known >= 0) return known + 1;
    return this.errors.length < MAX_ERRORS ? this.errors.push(error) : 0;
  }

  private forget(entry: number): void {
    const { table } = this;
    const store = this.room.storeOf(entry);
    const octets = blocksFor(table.get(entry, MESSAGE_OCTETS) + table.get(entry, TTL_COUNT) * 2);
    this.index.remove(entry);
    store.expiry.remove(entry);
    store.order.remove(entry);
    this.arena.release(table.get(entry, FIRST_BLOCK));
    table.giveBack(entry);
    const cost = octets * BLOCK_COST_OCTETS + FIXED_OCTETS;
    this.room.giveBack(store, cost);
  }
}

const costOf = ({ message, ttlOffsets }: Answer): number =>
  blocksFor(message.length + ttlOffsets.length * 2) * BLOCK_COST_OCTETS + FIXED_OCTETS;
