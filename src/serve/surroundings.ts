/** What lives as long as the process and every configuration uses. */
import type { Clock } from '../base/clock.ts';
import type { HttpAnswer } from '../observe/http-types.ts';
import type { Log } from '../observe/log-types.ts';
import type { Metrics } from '../observe/metric-types.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly servers: ServerRegistry;
  readonly defaultPort: number;
  readonly lenient: boolean;
  metricsPage(): Promise<HttpAnswer>;
}
