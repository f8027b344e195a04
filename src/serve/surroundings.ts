/** What lives as long as the process and every configuration uses. */
import type { Clock } from '../base/clock.ts';
import type { DatagramChannels } from '../datagram/channels.ts';
import type { HttpAnswer } from '../observe/http-types.ts';
import type { Log } from '../observe/log-types.ts';
import type { Metrics } from '../observe/metric-types.ts';
import type { Presence } from './presence.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface Surroundings {
  readonly clock: Clock;
  /** As in `SetupContext`. */
  readonly channels?: DatagramChannels | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly servers: ServerRegistry;
  readonly presence: Presence;
  readonly defaultPort: number;
  /** Addresses of server blocks without `bind`, at least one; all addresses of the host unless given. */
  readonly defaultAddresses?: readonly string[];
  readonly lenient: boolean;
  /** Octets that all caches of all processes together may take. */
  readonly cacheOctets: number;
  /** What `SetupContext.processWide` has made. */
  readonly shared: Map<string, unknown>;
  /** Whether this process shows pages over HTTP; of several workers, the first one does it for all. */
  readonly opensPages: boolean;
  metricsPage(): Promise<HttpAnswer>;
  /** What `/ready` waits for outside of this process: names of workers. */
  alsoNotReady(): readonly string[];
}
