/** Counts each query that passes, with its outcome, under the zone and the server that it came to. */
import type { Clock } from '../../base/clock.ts';
import type { Handler } from '../../chain/handler.ts';
import { PerServer } from '../../chain/identity.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import { ZoneSeries, requestFamilies } from './request-metrics.ts';

export class PrometheusHandler implements Handler {
  readonly name = 'prometheus';
  private readonly next: Handler;
  private readonly clock: Clock;
  /** By server, then by the zone's place in the block; made when the first query comes. */
  private readonly series: PerServer<(query: Query) => ZoneSeries>;

  constructor(next: Handler, context: SetupContext) {
    const families = requestFamilies(context.metrics);
    this.next = next;
    this.clock = context.clock;
    this.series = new PerServer((label) => {
      const byZone: ZoneSeries[] = [];
      return ({ zone }) => (byZone[zone.index] ??= new ZoneSeries(families, label, zone.text));
    });
  }

  ask(query: Query): Pending {
    return settle(this.next.ask(query), PrometheusHandler.count, this, query);
  }

  private static count(this: void, self: PrometheusHandler, query: Query, outcome: Outcome): Pending {
    self.series.of(query.server)(query).record(query, outcome, self.clock);
    return outcome;
  }
}
