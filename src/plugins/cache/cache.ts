/**
 * Answers from memory, or passes the question on once for everybody who asks it. What is kept of what comes back is decided in
 * `answer-keeper.ts`; this file decides what a client gets, and when.
 *
 *     fresh ──► given; asked for again where it is much used and ends soon (prefetch)
 *     expired ─► given as stale, before or after the upstream had its time (serve_stale)
 *     failed ──► given until it may be asked again (RFC 9520)
 *     unknown ─► asked
 *
 * A hit is one look-up, one copy and no allocation. Whole messages are kept, each under its own question only, so nothing in an answer can
 * ever answer another question (RFC 2181 section 5.4.1).
 */
import type { Clock } from '../../base/clock.ts';
import { exchangeGate } from '../../chain/exchange-gate.ts';
import type { ExchangeGate } from '../../chain/exchange-gate.ts';
import { fitTransport } from '../../chain/fit-transport.ts';
import type { Handler } from '../../chain/handler.ts';
import { PerServer } from '../../chain/identity.ts';
import { REPLY } from '../../chain/outcome.ts';
import type { Outcome, Pending, Reply } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { matchZone } from '../../chain/zones.ts';
import { KIND_POSITIVE, classify } from '../../wire/classify.ts';
import { NOERROR, NXDOMAIN } from '../../wire/registry.ts';
import { AnswerKeeper } from './answer-keeper.ts';
import type { CacheMemory } from './cache-memory.ts';
import type { CachedReply } from './cached-reply.ts';
import { NONE } from './entry-table.ts';
import { Exchanges } from './exchanges.ts';
import type { ExchangeEnds } from './exchanges.ts';
import { cacheSeries } from './metrics.ts';
import type { CacheSeries } from './metrics.ts';
import type { CacheOptions, PrefetchOptions, StaleOptions } from './options.ts';
import type { CacheStores } from './store.ts';

export class CacheHandler implements Handler {
  readonly name = 'cache';
  private readonly next: Handler;
  private readonly options: CacheOptions;
  private readonly memory: CacheMemory;
  /** Whether its zones are those of the block, which every query has been found to belong to. */
  private readonly servesAll: boolean;
  private readonly stores: CacheStores;
  private readonly clock: Clock;
  private readonly gate: ExchangeGate;
  private readonly series: PerServer<CacheSeries>;
  private readonly exchanges: Exchanges;

  constructor(
    next: Handler,
    options: CacheOptions,
    memory: CacheMemory,
    stores: CacheStores,
    context: SetupContext,
  ) {
    const zones = options.zones.map((zone) => zone.text).join(',');
    this.next = next;
    this.options = options;
    this.memory = memory;
    this.servesAll = options.zones === context.zones;
    this.stores = stores;
    this.clock = context.clock;
    this.gate = exchangeGate(context);
    this.series = new PerServer((label) => cacheSeries(context.metrics, label, zones, options));
    const keeper = new AnswerKeeper(options, memory, stores, context.clock, this.series);
    context.onStop(() => {
      keeper.isStopped = true;
    });
    const ends: ExchangeEnds = {
      keep: (query, outcome) => keeper.keep(query, outcome),
      keepRefreshed: (query, outcome) => keeper.keepRefreshed(query, outcome),
      bug: (error) => context.log.error(`bug while an answer was refreshed: ${stackOf(error)}`),
    };
    this.exchanges = new Exchanges(next, ends, this.gate);
  }

  ask(query: Query): Pending {
    if (!this.servesAll && matchZone(this.options.zones, query.foldedName, query.nameLength) === undefined) {
      return this.next.ask(query);
    }
    const series = this.series.of(query.server);
    series.requests.value++;
    // A client's query was read just now; one of our own (see `resolve`) bears the time of the query that it is for. A whole number is handed on
    // without being allocated, in the first 24 days of a process.
    const nowMs = Math.floor(query.depth === 0 ? query.receivedMs : this.clock.nowMs());
    return this.lookUp(query, series, nowMs) ?? this.withoutFresh(query, series, nowMs);
  }

  /** A fresh answer: a positive one wins over a denial. */
  private lookUp(query: Query, series: CacheSeries, nowMs: number): Reply | undefined {
    const { memory, stores, options } = this;
    const entry = memory.find(stores, query, nowMs);
    if (entry === NONE) return undefined;
    const { prefetch, stale } = options;
    if (prefetch !== undefined && this.mayPrefetch(query, entry, prefetch, nowMs)) {
      return this.prefetched(query, series, nowMs);
    }
    if (stale?.prefersPositive === true && !memory.isIn(entry, stores.success)) {
      const positive = memory.findStale(stores, query, nowMs);
      if (positive !== NONE && memory.isIn(positive, stores.success)) {
        return this.stale(positive, series, stale, nowMs);
      }
    }
    return this.hit(entry, series, nowMs);
  }

  private hit(entry: number, series: CacheSeries, nowMs: number): Reply {
    this.countHit(entry, series);
    const reply = this.memory.use(entry, nowMs);
    if (this.options.keepTtl) reply.ageSeconds = 0;
    return reply;
  }

  private countHit(entry: number, series: CacheSeries): void {
    this.gate.answers++;
    if (this.memory.isIn(entry, this.stores.success)) series.successHits.value++;
    else series.denialHits.value++;
  }

  private withoutFresh(query: Query, series: CacheSeries, nowMs: number): Pending {
    const { memory, stores, gate, options } = this;
    const { stale } = options;
    if (stale !== undefined && memory.findStale(stores, query, nowMs) !== NONE) {
      return stale.verifies
        ? this.verified(query, series, stale, nowMs)
        : this.immediate(query, series, stale, nowMs);
    }
    const failure = stores.failures.find(query.key, nowMs);
    if (failure === undefined) return this.miss(query, series);
    gate.answers++;
    series.denialHits.value++;
    return memory.useFailure(query, failure);
  }

  private miss(query: Query, series: CacheSeries): Pending {
    series.misses.value++;
    return this.exchanges.ask(query);
  }

  private mayPrefetch(query: Query, entry: number, prefetch: PrefetchOptions, nowMs: number): boolean {
    const { memory } = this;
    if (memory.countUse(entry, nowMs, prefetch.gapSeconds) < prefetch.amount) return false;
    return memory.isEnding(entry, nowMs, prefetch.percentage) && this.mayRefresh(query.key, 0, nowMs);
  }

  /** The answer that there is; the next one, where that is there at once. */
  private prefetched(query: Query, series: CacheSeries, nowMs: number): Reply | undefined {
    series.prefetches.value++;
    this.exchanges.refresh(query);
    const entry = this.memory.find(this.stores, query, nowMs);
    return entry === NONE ? undefined : this.hit(entry, series, nowMs);
  }

  /** Whether there is an exchange to spare for an answer that nobody waits for. */
  private mayRefresh(key: string, recheckMs: number, nowMs: number): boolean {
    if (this.gate.isCrowded || this.exchanges.isUnderWay(key)) return false;
    return this.stores.failures.mayRefresh(key, nowMs, recheckMs);
  }

  /** The stale answer at once, and a fresh one for the next client. */
  private immediate(query: Query, series: CacheSeries, stale: StaleOptions, nowMs: number): Pending {
    if (this.mayRefresh(query.key, stale.recheckMs, nowMs)) {
      series.prefetches.value++;
      const outcome = this.exchanges.refresh(query);
      if (outcome !== undefined) return this.betterOf(query, series, stale, outcome);
    }
    return this.staleOr(query, series, stale, nowMs) ?? this.miss(query, series);
  }

  /** What the upstream says within its time, and the stale answer when it says nothing or has lately failed to. */
  private verified(query: Query, series: CacheSeries, stale: StaleOptions, nowMs: number): Pending {
    const { exchanges, stores } = this;
    const { key } = query;
    if (!exchanges.isUnderWay(key) && stores.failures.mayRefresh(key, nowMs, stale.recheckMs)) {
      const outcome = exchanges.refresh(query);
      if (outcome !== undefined) return this.betterOf(query, series, stale, outcome);
    }
    if (exchanges.isUnderWay(key)) {
      const race = exchanges.race(key, stale.timeoutMs);
      if (!race.isLate) return race.winner.then((outcome) => this.betterOf(query, series, stale, outcome));
    }
    return this.staleOr(query, series, stale, nowMs) ?? this.miss(query, series);
  }

  /** The outcome if it is an answer, or else the stale answer, in octets of its own since the client may have waited. */
  private betterOf(
    query: Query,
    series: CacheSeries,
    stale: StaleOptions,
    outcome: Outcome | undefined,
  ): Pending {
    const fitting = outcome === undefined ? undefined : fitTransport(query, outcome);
    if (fitting === undefined || !isBetter(fitting, stale)) {
      const reply = this.staleOr(query, series, stale, this.clock.nowMs());
      if (reply !== undefined) return reply.kept();
    }
    // What was kept has left meanwhile.
    if (fitting === undefined) return this.miss(query, series);
    series.misses.value++;
    return fitting;
  }

  private staleOr(
    query: Query,
    series: CacheSeries,
    stale: StaleOptions,
    nowMs: number,
  ): CachedReply | undefined {
    const entry = this.memory.findStale(this.stores, query, nowMs);
    return entry === NONE ? undefined : this.stale(entry, series, stale, nowMs);
  }

  private stale(entry: number, series: CacheSeries, stale: StaleOptions, nowMs: number): CachedReply {
    this.countHit(entry, series);
    series.servedStale.value++;
    return this.memory.useStale(entry, nowMs, stale.responseTtlSeconds);
  }
}

/** Whether an outcome wins over an answer that has expired: it comes from somebody who knows (RFC 8767 section 4). */
function isBetter(outcome: Outcome, { prefersPositive }: StaleOptions): boolean {
  if (outcome.kind !== REPLY) return false;
  if (prefersPositive) return classify(outcome.message, outcome.length).kind === KIND_POSITIVE;
  return outcome.rcode === NOERROR || outcome.rcode === NXDOMAIN;
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
