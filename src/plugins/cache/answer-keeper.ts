/**
 * Decides what is kept of what the next plugin came back with: an answer or a denial, with the TTLs of the cache, in the place of what was
 * kept before; a failure beside it. A failure never takes the place of an answer.
 */
import type { Clock } from '../../base/clock.ts';
import type { PerServer } from '../../chain/identity.ts';
import { FAILURE, REPLY, Reply } from '../../chain/outcome.ts';
import type { Failure, Outcome } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { matchZone } from '../../chain/zones.ts';
import type { Counter } from '../../observe/metric-types.ts';
import { KIND_FAILURE, classify } from '../../wire/classify.ts';
import type { Classification } from '../../wire/classify.ts';
import { OctetSlab } from '../../wire/octet-slab.ts';
import {
  EDE_CACHED_ERROR,
  EDE_NETWORK_ERROR,
  EDE_NO_REACHABLE_AUTHORITY,
  NOERROR,
  NXDOMAIN,
  SERVFAIL,
} from '../../wire/registry.ts';
import { hasQuestion } from '../../wire/same-question.ts';
import type { CacheMemory } from './cache-memory.ts';
import { isDenial, isNeverStale, lifeSecondsOf, storeOptionsFor, withCachedTtls } from './entry.ts';
import { BACK_OFF_MIN_MS } from './failure-table.ts';
import type { FailureDetails } from './failure-table.ts';
import type { CacheSeries } from './metrics.ts';
import type { CacheOptions } from './options.ts';
import type { CacheStores, Store } from './store.ts';

const MAX_HEADER_RCODE = 0xf;
const CACHED_FAILURE = { code: EDE_CACHED_ERROR, text: '' };
const FAILED_REFRESH: FailureDetails = {
  rcode: SERVFAIL,
  extendedError: CACHED_FAILURE,
  isUnreachable: false,
};

export class AnswerKeeper {
  /** Set when the configuration serves no more: its upstreams are closed, and what fails then says nothing. */
  isStopped = false;
  private readonly options: CacheOptions;
  private readonly memory: CacheMemory;
  private readonly stores: CacheStores;
  private readonly clock: Clock;
  private readonly series: PerServer<CacheSeries>;
  private readonly slab = new OctetSlab();

  constructor(
    options: CacheOptions,
    memory: CacheMemory,
    stores: CacheStores,
    clock: Clock,
    series: PerServer<CacheSeries>,
  ) {
    this.options = options;
    this.memory = memory;
    this.stores = stores;
    this.clock = clock;
    this.series = series;
  }

  /** Keeps the outcome where it may be kept. @returns what the client gets: the same answer with the TTLs of the cache */
  keep(query: Query, outcome: Outcome): Outcome {
    if (outcome.kind === REPLY) return this.put(query, outcome);
    if (outcome.kind === FAILURE && isUnreachable(outcome)) {
      const { rcode, extendedError = CACHED_FAILURE } = outcome;
      const firstMs = Math.min(this.options.servfailSeconds * 1000, BACK_OFF_MIN_MS);
      this.remember(query, { rcode, extendedError, isUnreachable: true }, firstMs);
    }
    return outcome;
  }

  /** The same for an answer that is there already: what does not bring another one is not tried again soon, whatever it is. */
  keepRefreshed(query: Query, outcome: Outcome): Outcome {
    const kept = this.keep(query, outcome);
    const { failures } = this.stores;
    const isOurs = outcome.kind === FAILURE && !isUnreachable(outcome);
    if (!isOurs && !isAnswer(outcome) && failures.mayRefresh(query.key, this.clock.nowMs(), 0)) {
      this.addFailure(query, FAILED_REFRESH, 0);
    }
    return kept;
  }

  private put(query: Query, reply: Reply): Reply {
    const { message } = reply;
    const series = this.series.of(query.server);
    if (!hasQuestion(message, message.length, query.foldedName, query.nameLength, query.type, query.class)) {
      series.drops.value++;
      return reply;
    }
    // An rcode of more than four bits is about EDNS and not about the name; the header alone would show a harmless part of it.
    if (reply.rcode > MAX_HEADER_RCODE) return reply;
    const classification = classify(message, message.length);
    const kept = withCachedTtls(reply, classification, this.options, this.slab);
    if (classification.kind === KIND_FAILURE) this.rememberReply(query, reply);
    else if (!this.insert(query, reply, kept, classification, series)) this.forget(query, reply);
    return kept === message ? reply : retold(reply, kept);
  }

  /** @returns whether the answer is kept */
  private insert(
    query: Query,
    reply: Reply,
    message: Uint8Array,
    classification: Classification,
    series: CacheSeries,
  ): boolean {
    const { kind } = classification;
    const lifeSeconds = lifeSecondsOf(message, reply, classification, this.options);
    if (message === reply.message || lifeSeconds <= 0 || this.isDisabled(query, kind)) return false;
    const { memory, stores } = this;
    const { ttlOffsets, authenticData, extendedError } = reply;
    const neverStale = isNeverStale(reply, classification) || this.isNeverStale(query);
    const answer = { message, ttlOffsets, lifeSeconds, neverStale, authenticData, extendedError };
    this.dropFormer(query, isDenial(kind) ? stores.success : stores.denial);
    const store = isDenial(kind) ? stores.denial : stores.success;
    store.evictions = evictionsOf(series, store === stores.denial);
    memory.keep(stores, store, query, answer, this.clock.nowMs());
    stores.failures.answered(query.key);
    return true;
  }

  /** An answer that is not kept is one all the same: what was kept before is not given in its place. */
  private forget(query: Query, reply: Reply): void {
    if (!isAnswer(reply)) return;
    const { stores } = this;
    this.dropFormer(query, stores.success);
    this.dropFormer(query, stores.denial);
    stores.failures.answered(query.key);
  }

  /** What the upstream denies is gone, unless the configuration would rather have it than a denial. */
  private dropFormer(query: Query, store: Store): void {
    const { memory, stores, options } = this;
    if (store === stores.success && options.stale?.prefersPositive === true) return;
    memory.drop(stores, store, query);
  }

  private rememberReply(query: Query, { rcode, extendedError = CACHED_FAILURE }: Reply): void {
    this.remember(query, { rcode, extendedError, isUnreachable: false }, this.options.servfailSeconds * 1000);
  }

  /** @param firstMs for how long, the first time */
  private remember(query: Query, details: FailureDetails, firstMs: number): void {
    if (firstMs > 0 && !this.isDisabled(query, KIND_FAILURE)) this.addFailure(query, details, firstMs);
  }

  private addFailure(query: Query, details: FailureDetails, firstMs: number): void {
    if (!this.isStopped) this.stores.failures.add(query.key, details, firstMs, this.clock.nowMs());
  }

  /** Said once, when the answer is kept, so that a hit need not ask. */
  private isNeverStale(query: Query): boolean {
    const zones = this.options.stale?.exceptZones ?? [];
    return matchZone(zones, query.foldedName, query.nameLength) !== undefined;
  }

  private isDisabled(query: Query, kind: number): boolean {
    const zones = storeOptionsFor(kind, this.options)?.disabledZones ?? [];
    return matchZone(zones, query.foldedName, query.nameLength) !== undefined;
  }
}

const evictionsOf = (series: CacheSeries, isDenialStore: boolean): Counter =>
  isDenialStore ? series.denialEvictions : series.successEvictions;

/** Whether somebody who knows says what there is, or that there is nothing (RFC 8767 section 4). */
export const isAnswer = (outcome: Outcome): boolean =>
  outcome.kind === REPLY && !outcome.truncated && (outcome.rcode === NOERROR || outcome.rcode === NXDOMAIN);

/** Whether upstreams were asked in vain; other failures are this server's own, and pass or stay with the configuration. */
function isUnreachable({ rcode, extendedError }: Failure): boolean {
  const code = extendedError?.code;
  return rcode === SERVFAIL && (code === EDE_NO_REACHABLE_AUTHORITY || code === EDE_NETWORK_ERROR);
}

/** The reply as it came, with other octets of the same layout. */
function retold(reply: Reply, message: Uint8Array): Reply {
  const told = new Reply(message, reply.source, reply.ttlOffsets);
  told.rcode = reply.rcode;
  told.extendedError = reply.extendedError;
  return told;
}
