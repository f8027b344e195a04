/** What a listener needs around it: counters in memory, a clock, and a handler that does what the test says. */
import type { Handler } from '../../src/chain/handler.ts';
import { Failure, Reply } from '../../src/chain/outcome.ts';
import type { Outcome, Pending } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import { listenCounters } from '../../src/listen/counters.ts';
import type { ListenCounters } from '../../src/listen/counters.ts';
import type { Endpoint } from '../../src/listen/listener.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { QR, SECTION_ANSWER } from '../../src/wire/header.ts';
import { FakeClock, FakeLog, FakeMetrics } from '../support/setup-context.ts';

export interface Surroundings {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly metrics: FakeMetrics;
  readonly counters: ListenCounters;
}

export function surroundings(): Surroundings {
  const metrics = new FakeMetrics();
  const log = new FakeLog();
  return { clock: new FakeClock(), log, metrics, counters: listenCounters(metrics, log) };
}

/** One of the two fates that packets have which no handler sees. */
export const fate = ({ metrics }: Surroundings, label: 'dropped' | 'refused'): number =>
  metrics.value('nodelocaldns_packets_not_served_total', label) ?? 0;

export const endpointOf = (ask: (query: Query) => Pending, overrides: Partial<Endpoint> = {}): Endpoint => {
  const handler: Handler = { name: 'test', ask };
  return { server: { index: 0, label: 'dns://:53' }, udpPayload: 1232, handler, ...overrides };
};

/** NOERROR with an address: the last octet of 192.0.2.0/24, or as many as the client may want. */
export function addressReply(query: Query, last = 1, records = 1): Reply {
  const name = new Uint8Array(query.nameAsAsked);
  const builder = new MessageBuilder(QR).question(name, query.type, query.class);
  for (let i = 0; i < records; i++) {
    builder.record(SECTION_ANSWER, name, 1, 1, 60, Uint8Array.of(192, 0, 2, last));
  }
  return new Reply(builder.finish(), 'test');
}

/** Answers at once. */
export const atOnce = (query: Query): Pending => addressReply(query);

export const refusing = new Failure(5, 'no', 'test');

/** Answers when the test says so, each query by the name that it asks for. */
export class Answers {
  /** The first labels of the names asked for, in order. */
  readonly asked: string[] = [];
  private readonly waiting = new Map<string, (outcome: Outcome) => void>();
  private readonly queries = new Map<string, Query>();
  private readonly watchers = new Set<() => void>();

  readonly ask = (query: Query): Pending => {
    const label = query.nameText.split('.', 1)[0];
    this.asked.push(label);
    this.queries.set(label, query);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.waiting.set(label, resolve);
    for (const wake of this.watchers) wake();
    this.watchers.clear();
    return promise;
  };

  /** Resolves when so many queries have been asked. */
  async untilAsked(count: number): Promise<void> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => this.watchers.add(resolve));
    }
  }

  /** Answers one query. @throws Error when nobody asked that. */
  give(label: string, makeOutcome: (query: Query) => Outcome = (query) => addressReply(query)): void {
    const settle = this.waiting.get(label);
    const query = this.queries.get(label);
    if (settle === undefined || query === undefined) throw new Error(`nobody asked for ${label}`);
    this.waiting.delete(label);
    settle(makeOutcome(query));
  }

  giveAll(makeOutcome?: (query: Query) => Outcome): void {
    for (const label of this.waiting.keys()) this.give(label, makeOutcome);
  }
}
