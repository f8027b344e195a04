/**
 * The questions that the next plugin is being asked: one exchange for each, whether it is for clients who miss it, for an answer that is
 * about to expire, or for one that has. An exchange for a client is the client's own query; a refresh has a query of its own, since the
 * client gets its answer before.
 */
import { SingleFlight } from '../../base/single-flight.ts';
import type { ExchangeGate } from '../../chain/exchange-gate.ts';
import type { Handler } from '../../chain/handler.ts';
import { fitTransport } from '../../chain/fit-transport.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import { ownQuery } from '../../chain/own-query.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import { Race } from './race.ts';

export interface ExchangeEnds {
  /** Keeps what came for a client. @returns what the client gets */
  keep(query: Query, outcome: Outcome): Outcome;
  /** The same for a refresh. */
  keepRefreshed(query: Query, outcome: Outcome): Outcome;
  /** A refresh has met a bug, which no client hears of. */
  bug(error: unknown): void;
}

export class Exchanges {
  private readonly next: Handler;
  private readonly ends: ExchangeEnds;
  private readonly gate: Pick<ExchangeGate, 'alsoWanted'>;
  private readonly flights = new SingleFlight<Outcome>();
  /** For those exchanges that clients do not wait for to the end. */
  private readonly races = new Map<string, Race>();

  /** @param gate is told who else waits for an exchange */
  constructor(next: Handler, ends: ExchangeEnds, gate: Pick<ExchangeGate, 'alsoWanted'>) {
    this.next = next;
    this.ends = ends;
    this.gate = gate;
  }

  isUnderWay(key: string): boolean {
    return this.flights.has(key);
  }

  /** The answer to a client's question, from the exchange that is under way or from one that begins. */
  ask(query: Query): Pending {
    const joined = this.flights.joined(query.key);
    if (joined !== undefined) {
      this.gate.alsoWanted(query);
      return joined.then((outcome) => fitTransport(query, outcome));
    }
    const pending = this.next.ask(query);
    if (!(pending instanceof Promise)) return this.ends.keep(query, pending);
    this.flights.begin(query.key);
    return settle(pending, Exchanges.landed, this, query, Exchanges.crashed);
  }

  /**
   * Asks the client's question, which is not under way, without the client.
   * @returns what came, if it came at once
   */
  refresh(query: Query): Outcome | undefined {
    const own = ownQuery(query);
    let pending: Pending;
    try {
      pending = this.next.ask(own);
      if (!(pending instanceof Promise)) return this.ends.keepRefreshed(own, pending);
    } catch (error) {
      this.ends.bug(error);
      return undefined;
    }
    this.flights.begin(own.key);
    const done = settle(pending, Exchanges.refreshed, this, own, Exchanges.crashed);
    if (done instanceof Promise) done.catch((error: unknown) => this.ends.bug(error));
    return undefined;
  }

  /** The exchange under way for this question against time, which runs since somebody first asked here. */
  race(key: string, timeoutMs: number): Race {
    const race = this.races.get(key) ?? new Race(timeoutMs);
    this.races.set(key, race);
    return race;
  }

  private static landed(this: void, self: Exchanges, query: Query, outcome: Outcome): Outcome {
    return self.land(query.key, self.ends.keep(query, outcome));
  }

  private static refreshed(this: void, self: Exchanges, query: Query, outcome: Outcome): Outcome {
    return self.land(query.key, self.ends.keepRefreshed(query, outcome));
  }

  private land(key: string, outcome: Outcome): Outcome {
    this.flights.land(key, outcome);
    this.endRace(key, outcome);
    return outcome;
  }

  /** Those who have joined share the bug. */
  private static crashed(this: void, self: Exchanges, query: Query, error: unknown): undefined {
    self.flights.crash(query.key, error);
    self.endRace(query.key, undefined);
  }

  private endRace(key: string, outcome: Outcome | undefined): void {
    if (this.races.size === 0) return;
    this.races.get(key)?.end(outcome);
    this.races.delete(key);
  }
}
