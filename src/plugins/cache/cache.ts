/**
 * Answers from memory, or passes the question on once for everybody who asks it, and keeps what comes back.
 *
 * A hit is one look-up, one copy and no allocation. Whole messages are kept, each under its own question only, so nothing in an answer can
 * ever answer another question (RFC 2181 section 5.4.1).
 */
import { SingleFlight } from '../../base/single-flight.ts';
import type { Clock } from '../../base/clock.ts';
import { exchangeGate } from '../../chain/exchange-gate.ts';
import type { ExchangeGate } from '../../chain/exchange-gate.ts';
import type { Handler } from '../../chain/handler.ts';
import { PerServer } from '../../chain/identity.ts';
import { REPLY, Reply } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { fitTransport } from '../../chain/fit-transport.ts';
import { settle } from '../../chain/settle.ts';
import { matchZone } from '../../chain/zones.ts';
import { KIND_FAILURE, classify } from '../../wire/classify.ts';
import { EDE_CACHED_ERROR } from '../../wire/registry.ts';
import type { Counter } from '../../observe/metric-types.ts';
import { OctetSlab } from '../../wire/octet-slab.ts';
import { hasQuestion } from '../../wire/same-question.ts';
import type { Answer, CacheMemory } from './cache-memory.ts';
import { isDenial, lifeSecondsOf, storeOptionsFor, withCachedTtls } from './entry.ts';
import { NONE } from './entry-table.ts';
import { cacheSeries } from './metrics.ts';
import type { CacheSeries } from './metrics.ts';
import type { CacheOptions } from './options.ts';
import type { CacheStores, Store } from './store.ts';

const MAX_HEADER_RCODE = 0xf;
const CACHED_FAILURE = { code: EDE_CACHED_ERROR, text: '' };

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
  private readonly flights = new SingleFlight<Outcome>();
  private readonly slab = new OctetSlab();

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
    this.series = new PerServer((label) => cacheSeries(context.metrics, label, zones));
  }

  ask(query: Query): Pending {
    if (!this.servesAll && matchZone(this.options.zones, query.foldedName, query.nameLength) === undefined) {
      return this.next.ask(query);
    }
    const series = this.series.of(query.server);
    series.requests.value++;
    return this.lookUp(query, series) ?? this.miss(query, series);
  }

  /** A usable positive answer wins over a denial, and both over a remembered failure: a failure never hides an answer. */
  private lookUp(query: Query, series: CacheSeries): Reply | undefined {
    const { memory, stores, options } = this;
    // A client's query was read just now; one of our own (see `resolve`) bears the time of the query that it is for.
    const nowMs = query.depth === 0 ? query.receivedMs : this.clock.nowMs();
    const entry = memory.find(stores, query, nowMs);
    if (entry === NONE) return undefined;
    this.gate.answers++;
    if (memory.isIn(entry, stores.success)) series.successHits.value++;
    else series.denialHits.value++;
    const reply = memory.use(entry, nowMs);
    if (options.keepTtl) reply.ageSeconds = 0;
    return reply;
  }

  /** Everybody who misses the same question waits for the first one's answer. */
  private miss(query: Query, series: CacheSeries): Pending {
    series.misses.value++;
    const joined = this.flights.joined(query.key);
    if (joined !== undefined) return joined.then((outcome) => fitTransport(query, outcome));
    const pending = this.next.ask(query);
    if (!(pending instanceof Promise)) return this.kept(query, pending);
    this.flights.begin(query.key);
    return settle(pending, CacheHandler.landed, this, query, CacheHandler.crashed);
  }

  private kept(query: Query, outcome: Outcome): Outcome {
    return outcome.kind === REPLY ? this.put(query, outcome) : outcome;
  }

  private static landed(this: void, self: CacheHandler, query: Query, outcome: Outcome): Outcome {
    const kept = self.kept(query, outcome);
    self.flights.land(query.key, kept);
    return kept;
  }

  /** Those who have joined share the bug. */
  private static crashed(this: void, self: CacheHandler, query: Query, error: unknown): undefined {
    self.flights.crash(query.key, error);
  }

  /** Keeps the answer where it may be kept. @returns what the client gets: the same answer with the TTLs of the cache. */
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
    const lifeSeconds = lifeSecondsOf(kept, reply, classification, this.options);
    if (kept === message) return reply;
    if (lifeSeconds > 0 && !this.isDisabled(query, classification.kind)) {
      const { ttlOffsets, authenticData, extendedError } = reply;
      const answer = { message: kept, ttlOffsets, lifeSeconds, authenticData, extendedError };
      this.insert(query, answer, classification.kind, series);
    }
    return retold(reply, kept);
  }

  private insert(query: Query, answer: Answer, kind: number, series: CacheSeries): void {
    const { memory, stores } = this;
    const nowMs = this.clock.nowMs();
    if (kind === KIND_FAILURE) {
      const extendedError = answer.extendedError ?? CACHED_FAILURE;
      this.keepIn(stores.denial, query, { ...answer, extendedError }, series.denialEvictions, nowMs);
    } else if (isDenial(kind)) {
      // What the upstream denies is gone; what it failed to say may still be right.
      memory.drop(stores, stores.success, query);
      this.keepIn(stores.denial, query, answer, series.denialEvictions, nowMs);
    } else {
      memory.drop(stores, stores.denial, query);
      this.keepIn(stores.success, query, answer, series.successEvictions, nowMs);
    }
  }

  private keepIn(store: Store, query: Query, answer: Answer, evictions: Counter, nowMs: number): void {
    store.evictions = evictions;
    this.memory.keep(this.stores, store, query, answer, nowMs);
  }

  private isDisabled(query: Query, kind: number): boolean {
    const zones = storeOptionsFor(kind, this.options)?.disabledZones ?? [];
    return matchZone(zones, query.foldedName, query.nameLength) !== undefined;
  }
}

/** The reply as it came, with other octets of the same layout. */
function retold(reply: Reply, message: Uint8Array): Reply {
  const told = new Reply(message, reply.source, reply.ttlOffsets);
  told.rcode = reply.rcode;
  told.extendedError = reply.extendedError;
  return told;
}
