/** Answers for a memory without a handler around it: octets that a test can tell apart, and what they cost. */
import type { Query } from '../../../src/chain/query.ts';
import type { Answer, CacheMemory } from '../../../src/plugins/cache/cache-memory.ts';
import { NONE } from '../../../src/plugins/cache/entry-table.ts';
import type { CacheStores, Store } from '../../../src/plugins/cache/store.ts';
import { HEADER_OCTETS } from '../../../src/wire/header.ts';
import { makeQuery } from '../../support/query.ts';

export interface AnswerSpec extends Partial<Omit<Answer, 'message' | 'ttlOffsets'>> {
  /** Octets of the message; at least those of header and question, which it is as long as unless given. */
  readonly octets?: number;
  /** What is in the octets behind the question. */
  readonly fill?: number;
  /** The second word of the header: 0x8180 unless given. */
  readonly flags?: number;
  readonly ttlOffsets?: readonly number[];
}

/** An answer to this question; for a minute, unless told otherwise. */
export function answerTo(query: Query, spec: AnswerSpec = {}): Answer {
  const { octets, fill = 0, flags = 0x8180, ttlOffsets = [], ...told } = spec;
  const questionEnd = HEADER_OCTETS + query.questionLength;
  const message = new Uint8Array(octets ?? questionEnd).fill(fill);
  message.set(query.message.subarray(0, questionEnd));
  message[2] = flags >>> 8;
  message[3] = flags;
  return {
    message,
    ttlOffsets: Uint16Array.from(ttlOffsets),
    lifeSeconds: 60,
    neverStale: false,
    authenticData: false,
    extendedError: undefined,
    ...told,
  };
}

/** Octets that an answer takes: blocks of 64, each with the number of the next one; its record; a bucket; a place in the heap. */
export const costOf = ({ message, ttlOffsets }: Answer): number =>
  Math.ceil((message.length + ttlOffsets.length * 2) / 64) * (64 + 4) + 64 + 4 + 4;

/** Answers that fit into a block cost this. */
export const SMALL = 140;

/** The octet behind the question of the answer that is found; undefined when there is none. */
export function fillOf(
  memory: CacheMemory,
  stores: CacheStores,
  query: Query,
  nowMs: number,
): number | undefined {
  const entry = memory.find(stores, query, nowMs);
  if (entry === NONE) return undefined;
  const { message, length } = memory.use(entry, nowMs);
  return message[length - 1];
}

export const isKept = (memory: CacheMemory, stores: CacheStores, query: Query, nowMs: number): boolean =>
  memory.find(stores, query, nowMs) !== NONE;

/** Octets that these stores take together. */
export const octetsOf = (stores: Iterable<Store>): number => {
  let sum = 0;
  for (const store of stores) sum += store.octets;
  return sum;
};

/** Milliseconds at which tests begin: a whole second. */
export const NOW = 5_000_000;

/** A question by its name or number. */
export const question = (name: string | number): Query =>
  makeQuery(typeof name === 'number' ? `n${name}.test.` : name, 'A');

/** Keeps `count` small answers in a store of this cache, to the questions with the numbers from `from` on. */
export function keepMany(
  memory: CacheMemory,
  cache: CacheStores,
  store: Store,
  count: number,
  { from = 0, nowMs = NOW, ...spec }: AnswerSpec & { from?: number; nowMs?: number } = {},
): Query[] {
  return Array.from({ length: count }, (_, i) => {
    const query = question(from + i);
    memory.keep(cache, store, query, answerTo(query, spec), nowMs);
    return query;
  });
}

/** Asks for it, as a client would. @throws when it is not kept */
export function hit(memory: CacheMemory, cache: CacheStores, query: Query, nowMs = NOW): void {
  const entry = memory.find(cache, query, nowMs);
  if (entry === NONE) throw new Error('not kept');
  memory.use(entry, nowMs);
}

/** How many of these are kept. */
export const keptOf = (
  memory: CacheMemory,
  cache: CacheStores,
  queries: readonly Query[],
  nowMs = NOW,
): number => queries.filter((query) => isKept(memory, cache, query, nowMs)).length;
