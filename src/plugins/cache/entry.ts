/**
 * From an answer to what is kept of it: how long it lives and with which TTLs. Each record keeps a TTL of its own that counts down; the
 * whole answer lives as long as its shortest. Differences from CoreDNS, which gives every record the shortest: see README.md.
 */
import type { Reply } from '../../chain/outcome.ts';
import type { Classification } from '../../wire/classify.ts';
import {
  KIND_DELEGATION,
  KIND_FAILURE,
  KIND_NODATA,
  KIND_NXDOMAIN,
  KIND_OTHER,
  KIND_POSITIVE,
} from '../../wire/classify.ts';
import { readUint32, writeUint32 } from '../../wire/header.ts';
import type { OctetSlab } from '../../wire/octet-slab.ts';
import { MAX_TTL_SECONDS, clampTtls, levelRrsets, smallestTtl } from '../../wire/ttl.ts';
import type { CacheOptions, StoreOptions } from './options.ts';

/** An answer without records, or a referral, says nothing of how long it holds. */
const DEFAULT_LIFE_SECONDS = 5;

export const isDenial = (kind: number): boolean => kind === KIND_NXDOMAIN || kind === KIND_NODATA;

/** Which of the two stores an answer of this kind belongs to; undefined for those that are not kept. */
export function storeOptionsFor(kind: number, options: CacheOptions): StoreOptions | undefined {
  if (kind === KIND_POSITIVE || kind === KIND_DELEGATION) return options.success;
  if (isDenial(kind) || kind === KIND_FAILURE) return options.denial;
  return undefined;
}

/**
 * The message with the TTLs that it is answered with from now on: RRsets levelled, a denial's SOA lowered to its MINIMUM (RFC 2308
 * section 5), then everything between the minimum and the maximum of the store.
 * @param slab where the octets are taken from
 * @returns octets of its own; `message` itself for an answer that must not be kept.
 */
export function withCachedTtls(
  reply: Reply,
  classification: Classification,
  options: CacheOptions,
  slab: OctetSlab,
): Uint8Array {
  const store = storeOptionsFor(classification.kind, options);
  if (classification.kind === KIND_OTHER || store === undefined) return reply.message;
  const octets =
    reply.message.length === reply.length ? reply.message : reply.message.subarray(0, reply.length);
  const message = slab.copy(octets);
  levelRrsets(message, message.length, reply.ttlOffsets);
  if (isDenial(classification.kind)) {
    const { soaTtlOffset, soaMinimumSeconds } = classification;
    writeUint32(message, soaTtlOffset, Math.min(readUint32(message, soaTtlOffset), soaMinimumSeconds));
  }
  const maxSeconds = Math.min(store.maxTtlSeconds, MAX_TTL_SECONDS);
  clampTtls(message, reply.ttlOffsets, store.minTtlSeconds, maxSeconds);
  return message;
}

/** Whether the answer is of no use once it has expired: who says TTL 0 wants every client to ask, and a referral is no answer. */
export function isNeverStale(reply: Reply, { kind }: Classification): boolean {
  return kind === KIND_DELEGATION || smallestTtl(reply.message, reply.ttlOffsets) === 0;
}

/** Seconds for which an answer (and no failure) with these (cached) TTLs may be used; 0 for not at all. */
export function lifeSecondsOf(
  message: Uint8Array,
  reply: Reply,
  classification: Classification,
  options: CacheOptions,
): number {
  const store = storeOptionsFor(classification.kind, options);
  if (store === undefined) return 0;
  if (classification.kind === KIND_DELEGATION) return Math.min(DEFAULT_LIFE_SECONDS, store.maxTtlSeconds);
  return smallestTtl(message, reply.ttlOffsets) ?? Math.min(DEFAULT_LIFE_SECONDS, store.maxTtlSeconds);
}
