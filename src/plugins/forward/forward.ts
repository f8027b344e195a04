/**
 * Asks other resolvers, one after the other until one answers or the time is over. Identical questions share one exchange, and nothing of
 * the client's message but the question, DO and CD goes upstream. Exchanges begin as the process's gate lets them.
 */
import { SingleFlight } from '../../base/single-flight.ts';
import type { Clock } from '../../base/clock.ts';
import type { ExchangeGate } from '../../chain/exchange-gate.ts';
import type { Handler } from '../../chain/handler.ts';
import { fitTransport } from '../../chain/fit-transport.ts';
import { Failure, REPLY } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import type { Ask } from '../../upstream/upstream.ts';
import { KIND_NODATA, classify } from '../../wire/classify.ts';
import { isWithin } from '../../wire/name.ts';
import { EDE_OTHER, REFUSED, SERVFAIL } from '../../wire/registry.ts';
import type { ForwardMetrics } from './metrics.ts';
import type { ForwardOptions } from './options.ts';
import { UpstreamOrder } from './policy.ts';
import { SOURCE, Tries } from './tries.ts';
import type { Target, TriesSetting } from './tries.ts';

const OVERLOADED = new Failure(SERVFAIL, 'too many queries wait to be asked upstream', SOURCE, {
  code: EDE_OTHER,
  text: 'too many queries',
});

/** What the `forward` lines of a process share. */
export interface ForwardDependencies {
  readonly clock: Clock;
  readonly gate: ExchangeGate;
  readonly metrics: ForwardMetrics;
}

export class ForwardHandler implements Handler {
  readonly name = SOURCE;
  /** The handler of the next `forward` line, if there is one: where `next RCODE` goes. */
  readonly nextForward: ForwardHandler | undefined;
  private readonly next: Handler;
  private readonly options: ForwardOptions;
  private readonly order: UpstreamOrder<Target>;
  private readonly setting: TriesSetting;
  private readonly gate: ExchangeGate;
  private readonly flights = new SingleFlight<Outcome>();

  constructor(
    next: Handler,
    options: ForwardOptions,
    targets: readonly Target[],
    { clock, gate, metrics }: ForwardDependencies,
  ) {
    this.next = next;
    this.nextForward = next instanceof ForwardHandler ? next : undefined;
    this.options = options;
    this.order = new UpstreamOrder(targets, options.policy);
    this.setting = { options, clock, metrics };
    this.gate = gate;
  }

  ask(query: Query): Pending {
    if (!this.matches(query)) return this.next.ask(query);
    // A client that joins another's exchange costs nothing upstream, so it is never over the limit.
    const joined = this.flights.joined(query.key);
    if (joined !== undefined) return joined.then((outcome) => fitTransport(query, outcome));
    const { maxConcurrent } = this.options;
    if (maxConcurrent > 0 && this.flights.size >= maxConcurrent) {
      this.setting.metrics.concurrencyRejects.value++;
      const reason = `concurrent queries exceeded maximum ${maxConcurrent}`;
      return new Failure(REFUSED, reason, this.name, { code: EDE_OTHER, text: 'too many queries' });
    }
    const work = this.gate.enter() ? this.resolve(query, this.setting.clock.nowMs()) : this.inLine(query);
    if (work === undefined) return this.overloaded();
    const led = this.flights.lead(query.key, work);
    // Over UDP every outcome fits.
    return query.transport === 'udp' ? led : led.then((outcome) => fitTransport(query, outcome));
  }

  /** `except` says nothing about the forwarded zone's own name. */
  private matches(query: Query): boolean {
    const { from, except } = this.options;
    // Everything, as most lines say.
    if (from.length === 1 && except.length === 0) return true;
    const name = query.foldedName.subarray(0, query.nameLength);
    if (!isWithin(name, from)) return false;
    if (name.length === from.length) return true;
    return !except.some((zone) => isWithin(name, zone));
  }

  /** @returns undefined when the line is full. */
  private inLine(query: Query): Promise<Outcome> | undefined {
    const sinceMs = this.setting.clock.nowMs();
    return this.gate
      .wait()
      ?.then((mayBegin) => (mayBegin ? this.resolve(query, sinceMs) : this.overloaded()));
  }

  private overloaded(): Failure {
    this.setting.metrics.overloadRejects.value++;
    return OVERLOADED;
  }

  private resolve(query: Query, sinceMs: number): Promise<Outcome> {
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
    const order = this.order.next().filter((target) => !target.quarantined);
    const outcome = new Tries(this.setting, ask, this.transportFor(query.transport), order, sinceMs).run();
    const { nextForward } = this;
    if (nextForward === undefined) return outcome;
    return outcome.then((found) => (this.isForNext(found) ? nextForward.ask(query) : found));
  }

  private isForNext(outcome: Outcome): boolean {
    if (outcome.kind !== REPLY) return false;
    if (this.options.nextRcodes.has(outcome.rcode)) return true;
    const { message } = outcome;
    return this.options.nextOnNodata && classify(message, message.length).kind === KIND_NODATA;
  }

  private transportFor(clientTransport: 'udp' | 'tcp'): 'udp' | 'tcp' {
    if (this.options.forceTcp) return 'tcp';
    return this.options.preferUdp ? 'udp' : clientTransport;
  }
}
