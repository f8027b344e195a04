/**
 * Shows each query and its outcome to the taps of the block, and what `forward` asks on its behalf. The taps are there once the block has
 * started; before, and after its end, queries pass as if there were none.
 */
import type { ExchangeObserver, ExchangeSight, ExchangeWatch } from '../../chain/exchange-observer.ts';
import type { Handler } from '../../chain/handler.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import type { QueryTap } from './query-tap.ts';

/** Where the taps of a block will be. */
export class TapPlace implements ExchangeObserver {
  tap: QueryTap | undefined;

  begin(query: Query, sight: ExchangeSight): ExchangeWatch | undefined {
    return this.tap?.begin(query, sight);
  }
}

export class DnstapHandler implements Handler {
  readonly name = 'dnstap';
  private readonly next: Handler;
  private readonly place: TapPlace;

  constructor(next: Handler, place: TapPlace) {
    this.next = next;
    this.place = place;
  }

  ask(query: Query): Pending {
    // What we ask ourselves to complete an answer has no client.
    if (this.place.tap === undefined || query.depth > 0) return this.next.ask(query);
    this.place.tap.asked(query);
    return settle(this.next.ask(query), DnstapHandler.answered, this, query);
  }

  private static answered(this: void, self: DnstapHandler, query: Query, outcome: Outcome): Outcome {
    self.place.tap?.answered(query, outcome);
    return outcome;
  }
}
