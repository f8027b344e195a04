/**
 * Asks other resolvers, one after the other until one answers or the time is over. Identical questions share one exchange, and nothing of
 * the client's message but the question, DO and CD goes upstream.
 */
import { SingleFlight } from '../../base/single-flight.ts';
import type { Clock } from '../../base/clock.ts';
import type { Handler } from '../../chain/handler.ts';
import { fitTransport } from '../../chain/fit-transport.ts';
import { Failure, REPLY } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { ExchangeError } from '../../upstream/exchange-error.ts';
import type { Ask, Upstream } from '../../upstream/upstream.ts';
import { KIND_NODATA, classify } from '../../wire/classify.ts';
import { isWithin } from '../../wire/name.ts';
import {
  EDE_NETWORK_ERROR,
  EDE_NO_REACHABLE_AUTHORITY,
  EDE_OTHER,
  REFUSED,
  SERVFAIL,
} from '../../wire/registry.ts';
import type { ForwardMetrics } from './metrics.ts';
import type { ForwardOptions } from './options.ts';
import { UpstreamOrder } from './policy.ts';
import { replyFromUpstream } from './reply.ts';

/** All attempts for one query together. A stub resolver gives up after 5 s and must hear of the failure before. */
export const QUERY_DEADLINE_MS = 4_500;

/** Without `max_connect_attempts`, on the average: a server is asked the same thing three times at most (RFC 9520 section 3.2). */
const MAX_TRIES_PER_UPSTREAM = 3;

/** An upstream, and whether clients' queries may go there. */
export interface Target {
  readonly upstream: Upstream;
  quarantined: boolean;
}

const anyUp = (targets: Iterable<Target>): boolean => {
  for (const { upstream } of targets) if (!upstream.down) return true;
  return false;
};

export class ForwardHandler implements Handler {
  readonly name = 'forward';
  /** The handler of the next `forward` line, if there is one: where `next RCODE` goes. */
  readonly nextForward: ForwardHandler | undefined;
  private readonly next: Handler;
  private readonly options: ForwardOptions;
  private readonly order: UpstreamOrder<Target>;
  private readonly clock: Clock;
  private readonly metrics: ForwardMetrics;
  private readonly flights = new SingleFlight<Outcome>();

  constructor(
    next: Handler,
    options: ForwardOptions,
    targets: readonly Target[],
    clock: Clock,
    metrics: ForwardMetrics,
  ) {
    this.next = next;
    this.nextForward = next instanceof ForwardHandler ? next : undefined;
    this.options = options;
    this.order = new UpstreamOrder(targets, options.policy);
    this.clock = clock;
    this.metrics = metrics;
  }

  ask(query: Query): Pending {
    if (!this.matches(query)) return this.next.ask(query);
    // A client that joins another's exchange costs nothing upstream, so it is never over the limit.
    const joined = this.flights.joined(query.key);
    if (joined !== undefined) return joined.then((outcome) => fitTransport(query, outcome));
    const { maxConcurrent } = this.options;
    if (maxConcurrent > 0 && this.flights.size >= maxConcurrent) {
      this.metrics.concurrencyRejects.value++;
      const reason = `concurrent queries exceeded maximum ${maxConcurrent}`;
      return new Failure(REFUSED, reason, this.name, { code: EDE_OTHER, text: 'too many queries' });
    }
    return this.flights.lead(query.key, this.resolve(query)).then((outcome) => fitTransport(query, outcome));
  }

  /** `except` says nothing about the forwarded zone's own name. */
  private matches(query: Query): boolean {
    const name = query.foldedName.subarray(0, query.nameLength);
    const { from, except } = this.options;
    if (!isWithin(name, from)) return false;
    if (name.length === from.length) return true;
    return !except.some((zone) => isWithin(name, zone));
  }

  private async resolve(query: Query): Promise<Outcome> {
    const ask: Ask = {
      question: { name: new Uint8Array(query.nameAsAsked), type: query.type, class: query.class },
      options: {
        // Always: an answer to a question without RD would differ, and the cache could not tell.
        recursionDesired: true,
        checkingDisabled: query.checkingDisabled,
        dnssecOk: query.dnssecOk,
        edns: true,
      },
    };
    const outcome = await this.tryUpstreams(ask, query.transport);
    const handOver = this.nextForward;
    return handOver !== undefined && this.isForNext(outcome) ? handOver.ask(query) : outcome;
  }

  private isForNext(outcome: Outcome): boolean {
    if (outcome.kind !== REPLY) return false;
    if (this.options.nextRcodes.has(outcome.rcode)) return true;
    const { message } = outcome;
    return this.options.nextOnNodata && classify(message, message.length).kind === KIND_NODATA;
  }

  private async tryUpstreams(ask: Ask, clientTransport: 'udp' | 'tcp'): Promise<Outcome> {
    const { options } = this;
    const deadlineMs = this.clock.nowMs() + QUERY_DEADLINE_MS;
    const transport = this.transportFor(clientTransport);
    const order = this.order.next().filter((target) => !target.quarantined);
    let last: Outcome | undefined;
    let attempts = 0;
    const mostAttempts = options.maxConnectAttempts || MAX_TRIES_PER_UPSTREAM * order.length;
    const untried = new Set(order);
    for (const target of this.candidates(order)) {
      untried.delete(target);
      const outcome = await this.tryOne(target.upstream, ask, transport, deadlineMs);
      if (outcome.kind === REPLY) {
        if (!options.failoverRcodes.has(outcome.rcode) || !anyUp(untried)) return outcome;
      }
      last = outcome;
      if (++attempts >= mostAttempts || this.clock.nowMs() >= deadlineMs) break;
    }
    return last ?? this.noUpstream(order.length);
  }

  private transportFor(clientTransport: 'udp' | 'tcp'): 'udp' | 'tcp' {
    if (this.options.forceTcp) return 'tcp';
    return this.options.preferUdp ? 'udp' : clientTransport;
  }

  /**
   * The upstreams in order, over and over; those that health checks found down are left out. Where all are down one at random is tried
   * all the same, since the checks may be wrong, unless the configuration says to fail fast.
   */
  private *candidates(order: readonly Target[]): Generator<Target> {
    while (order.length > 0) {
      const up = order.filter(({ upstream }) => !upstream.down);
      if (up.length > 0) {
        yield* up;
        continue;
      }
      this.metrics.allUpstreamsDown.value++;
      if (this.options.failfastAllUnhealthy) return;
      yield order[Math.floor(Math.random() * order.length)];
    }
  }

  private async tryOne(
    upstream: Upstream,
    ask: Ask,
    transport: 'udp' | 'tcp',
    deadlineMs: number,
  ): Promise<Outcome> {
    const attemptEndMs = Math.min(deadlineMs, this.clock.nowMs() + this.options.readTimeoutMs);
    try {
      return replyFromUpstream(await upstream.exchange(ask, transport, attemptEndMs), this.name);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      if (this.options.maxFails > 0) upstream.probeSoon();
      const code = error.code === 'timeout' ? EDE_NO_REACHABLE_AUTHORITY : EDE_NETWORK_ERROR;
      return new Failure(SERVFAIL, error.message, this.name, { code, text: `upstream: ${error.code}` });
    }
  }

  private noUpstream(usable: number): Failure {
    const reason = usable === 0 ? 'no upstream that may be asked' : 'no healthy proxies';
    return new Failure(SERVFAIL, reason, this.name, { code: EDE_NO_REACHABLE_AUTHORITY, text: reason });
  }
}
