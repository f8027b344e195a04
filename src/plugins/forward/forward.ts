/**
 * Asks other resolvers, one after the other until one answers or the time is over. Identical questions share one exchange, and nothing of
 * the client's message but the question, DO and CD goes upstream. Exchanges begin as the process's gate lets them.
 */
import { Deadlines } from '../../base/deadlines.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import type { Clock } from '../../base/clock.ts';
import type { ExchangeGate } from '../../chain/exchange-gate.ts';
import type { ExchangeObserver } from '../../chain/exchange-observer.ts';
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
import type { UpstreamOrder } from './policy.ts';
import { SOURCE, Tries, overloaded } from './tries.ts';
import type { Target, TriesSetting } from './tries.ts';

/** What the `forward` lines of a process share. */
export interface ForwardDependencies {
  readonly clock: Clock;
  readonly gate: ExchangeGate;
  readonly metrics: ForwardMetrics;
  /** Undefined where nobody watches what is asked. */
  readonly observer?: ExchangeObserver | undefined;
}

/** The line's hedging, where there is something to hedge. */
function hedgingOf(options: ForwardOptions, { clock, metrics }: ForwardDependencies): Hedging | undefined {
  const { hedge, upstreams } = options;
  // A host name may be more than one upstream.
  const isAlone = upstreams.length < 2 && !upstreams.some(({ isName }) => isName);
  if (!hedge || isAlone) return undefined;
  return new Hedging(new Deadlines(clock), metrics.hedges);
}

/** What one exchange serves: a question, with what the Corefile adds to it. */
function flightKey({ key, upstreamOptions }: Query): string {
  return upstreamOptions.length === 0 ? key : key + Buffer.from(upstreamOptions).toString('latin1');
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

  /** @param order the upstreams, which may become others */
  constructor(
    next: Handler,
    options: ForwardOptions,
    order: UpstreamOrder<Target>,
    dependencies: ForwardDependencies,
  ) {
    const { clock, gate, metrics, observer } = dependencies;
    this.next = next;
    this.nextForward = next instanceof ForwardHandler ? next : undefined;
    this.options = options;
    this.setting = {
      options,
      clock,
      gate,
      metrics,
      order,
      hedging: hedgingOf(options, dependencies),
      observer,
    };
    this.gate = gate;
  }

  ask(query: Query): Pending {
    if (!this.matches(query)) return this.next.ask(query);
    // A client that joins another's exchange costs nothing upstream, so it is never over the limit.
    const joined = this.flights.joined(flightKey(query));
    if (joined !== undefined) {
      this.gate.alsoWanted(query);
      return joined.then((outcome) => fitTransport(query, outcome));
    }
    const { maxConcurrent } = this.options;
    if (maxConcurrent > 0 && this.flights.size >= maxConcurrent && !this.makesRoom(query, maxConcurrent)) {
      this.setting.metrics.concurrencyRejects.value++;
      const reason = `concurrent queries exceeded maximum ${maxConcurrent}`;
      return new Failure(REFUSED, reason, this.name, { code: EDE_OTHER, text: 'too many queries' });
    }
    return this.begin(query);
  }

  /** Whether one less is under way since somebody has left the line whose client has more there. */
  private makesRoom(query: Query, maxConcurrent: number): boolean {
    return this.gate.pushOutFor(query.clientId) && this.flights.size < maxConcurrent;
  }

  private begin(query: Query): Pending {
    const { gate, setting } = this;
    const client = query.clientId;
    const mayBegin = gate.mayBegin(client);
    if (!mayBegin && !gate.makePlace(client)) return overloaded(setting);
    const later = new Later(query);
    const tries = new Tries(setting, query, this.transportFor(query.transport), later);
    this.flights.begin(flightKey(query));
    later.add(Tries.over, tries, Tries.overByBug);
    if (this.nextForward !== undefined) later.add(ForwardHandler.goOn, this, undefined);
    later.add(ForwardHandler.landed, this, ForwardHandler.crashed);
    if (mayBegin) gate.begin(tries);
    else gate.wait(tries);
    return later.promise;
  }

  /** Where `next RCODE` says so, the next line is asked. */
  private static goOn(this: void, self: ForwardHandler, query: Query, outcome: Outcome): Pending {
    return self.isForNext(outcome) ? (self.nextForward?.ask(query) ?? outcome) : outcome;
  }

  private static landed(this: void, self: ForwardHandler, query: Query, outcome: Outcome): Outcome {
    self.flights.land(flightKey(query), outcome);
    return fitTransport(query, outcome);
  }

  /** Those who have joined share the bug. */
  private static crashed(this: void, self: ForwardHandler, query: Query, error: unknown): undefined {
    self.flights.crash(flightKey(query), error);
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
