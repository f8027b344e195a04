/** The metrics of `acl`: CoreDNS's names and labels. */
import { PerServer } from '../../chain/identity.ts';
import type { Zone } from '../../chain/identity.ts';
import type { Query } from '../../chain/query.ts';
import type { Counter, Family, Metrics } from '../../observe/metric-types.ts';
import type { Action } from './policy.ts';

export class AclMetrics {
  private readonly allowed: PerServer<Counter>;
  private readonly refusals: Readonly<Record<Exclude<Action, 'allow'>, PerServer<(zone: Zone) => Counter>>>;

  constructor(metrics: Metrics) {
    const allowed = metrics.counter('coredns_acl_allowed_requests_total', 'Queries that were let through.', [
      'server',
      'view',
    ]);
    this.allowed = new PerServer((label) => allowed.with(label, ''));
    this.refusals = {
      block: byZone(refusalFamily(metrics, 'blocked', 'Queries that were refused.')),
      filter: byZone(refusalFamily(metrics, 'filtered', 'Queries that got an empty answer.')),
      drop: byZone(refusalFamily(metrics, 'dropped', 'Queries that got no answer.')),
    };
  }

  countAllowed(query: Query): void {
    this.allowed.of(query.server).value++;
  }

  /** @param zone that of the `acl` line */
  countRefused(query: Query, zone: Zone, action: Exclude<Action, 'allow'>): void {
    this.refusals[action].of(query.server)(zone).value++;
  }
}

const refusalFamily = (metrics: Metrics, what: string, help: string): Family<Counter> =>
  metrics.counter(`coredns_acl_${what}_requests_total`, help, ['server', 'zone', 'view']);

function byZone(family: Family<Counter>): PerServer<(zone: Zone) => Counter> {
  return new PerServer((label) => {
    const counters = new Map<Zone, Counter>();
    return (zone) => {
      let counter = counters.get(zone);
      if (counter === undefined) counters.set(zone, (counter = family.with(label, zone.text, '')));
      return counter;
    };
  });
}
