/**
 * Asks other resolvers, one after the other until one answers or the time is over. Identical questions share one exchange, and nothing of
 * the client's message but the question, DO and CD goes upstream. Exchanges begin as the process's gate lets them.
 */
import { Deadlines } from '../../base/deadlines.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import type { Clock } from '../../base/clock.ts';
import type { ExchangeGate } from '../../chain/exchange-gate.ts';
import type { Handler } from '../../chain/handler.ts';
import { fitTransport } from '../../chain/fit-transport.ts';
import { Later } from '../../chain/later.ts';
import { Failure, REPLY } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { KIND_NODATA, classify } from '../../wire/classify.ts';
import { isWithin } from '../../wire/name.ts';
import { EDE_OTHER, REFUSED } from '../../wire/registry.ts';
import { Hedging } from './hedge.ts';
import type { ForwardMetrics } from './metrics.ts';
import type { ForwardOptions } from './options.ts';
import { UpstreamOrder } from './policy.ts';
import { SOURCE, Tries, overloaded } from './tries.ts';
import type { Target, TriesSetting } from './tries.ts';

/** What the `forward` lines of a process share. */
export interface ForwardDependencies {
  readonly clock: Clock;
  readonly gate: ExchangeGate;
  readonly metrics: ForwardMetrics;
}

/** The line's hedging, if it has any to do. */
function hedgingOf(
  options: ForwardOptions,
  targets: readonly Target[],
  { clock, metrics }: ForwardDependencies,
): Hedging | undefined {
  if (!options.hedge || targets.length < 2) return undefined;
  return new Hedging(new Deadlines(clock), metrics.hedges);
}

export class ForwardHandler implements Handler {
  readonly name = SOURCE;
  /** The handler of the next `forward` line, if there is one: where `next RCODE` goes. */
  readonly nextForward: ForwardHandler | undefined;
  private readonly next: Handler;
  private readonly options: ForwardOptions;
  private readonly setting: TriesSetting;
  private readonly gate: ExchangeGate;
  private readonly flights = new SingleFlight<Outcome>();

  constructor(
    next: Handler,
    options: ForwardOptions,
    targets: readonly Target[],
    dependencies: ForwardDependencies,
  ) {
    const { clock, gate, metrics } = dependencies;
    this.next = next;
    this.nextForward = next instanceof ForwardHandler ? next : undefined;
    this.options = options;
    this.setting = {
      options,
      clock,
      metrics,
      order: new UpstreamOrder(targets, options.policy),
      hedging: hedgingOf(options, targets, dependencies),
    };
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
    return this.begin(query);
  }

  private begin(query: Query): Pending {
    const { gate, setting } = this;
    const mayBegin = gate.enter();
    if (!mayBegin && gate.isFull) return overloaded(setting);
    const later = new Later(query);
    const tries = new Tries(setting, query, this.transportFor(query.transport), later);
    this.flights.begin(query.key);
    if (this.nextForward !== undefined) later.add(ForwardHandler.goOn, this, undefined);
    later.add(ForwardHandler.landed, this, ForwardHandler.crashed);
    if (mayBegin) tries.begin();
    else gate.wait(tries);
    return later.promise;
  }

  /** Where `next RCODE` says so, the next line is asked. */
  private static goOn(this: void, self: ForwardHandler, query: Query, outcome: Outcome): Pending {
    return self.isForNext(outcome) ? (self.nextForward?.ask(query) ?? outcome) : outcome;
  }

  private static landed(this: void, self: ForwardHandler, query: Query, outcome: Outcome): Outcome {
    self.flights.land(query.key, outcome);
    return fitTransport(query, outcome);
  }

  /** Those who have joined share the bug. */
  private static crashed(this: void, self: ForwardHandler, query: Query, error: unknown): undefined {
    self.flights.crash(query.key, error);
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
