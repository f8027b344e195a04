/**
 * The contract between a plugin and the rest: `setup` reads the directive, asks the context for what it needs, and gives back how to put
 * a handler in front of the next one. A plugin keeps no state outside what `setup` made, imports no other plugin, and opens nothing while
 * it is set up: sockets, timers and files wait for `onStart`, so that `check` can set everything up and bind nothing.
 */
import type { Clock } from '../base/clock.ts';
import type { Cursor } from '../corefile/cursor.ts';
import type { DatagramChannels } from '../datagram/channels.ts';
import type { HttpAnswer, HttpRoute } from '../observe/http-types.ts';
import type { Log } from '../observe/log-types.ts';
import type { Metrics } from '../observe/metric-types.ts';
import type { Question } from '../wire/ask-message.ts';
import type { ExchangeObserver } from './exchange-observer.ts';
import type { Fact } from './facts.ts';
import type { Handler } from './handler.ts';
import type { ServerIdentity, Zone } from './identity.ts';
import type { Outcome } from './outcome.ts';
import type { Query } from './query.ts';

export interface Plugin {
  /** The directive. */
  readonly name: string;
  /**
   * @param cursor stands before the first token of the directive; repeated lines of a block come as one run of tokens.
   * @returns how to make the handler, or nothing for a plugin that only sets things.
   * @throws CorefileError (from the cursor) or RangeError; `serve` prefixes `plugin/NAME: `.
   */
  setup(cursor: Cursor, context: SetupContext): MakeHandler | undefined;
}

export type MakeHandler = (next: Handler) => Handler;

/** What the plugins of one server block tell each other and the server about the block; see the plugin that writes each. */
export interface BlockSettings {
  /** `bind`: addresses to listen on; undefined for the wildcard. */
  bindAddresses: string[] | undefined;
  /** `debug`: debug lines come out. */
  debug: boolean;
  /** `reload`: how often the Corefile is looked at, in milliseconds, and by how much that is spread; undefined without the plugin. */
  reload: { intervalMs: number; jitterMs: number } | undefined;
  /** `timeouts`: limits of TCP connections, as far as they were given; undefined without the plugin. */
  timeouts: TcpTimeouts | undefined;
  /** `multisocket`: how many processes serve on the same ports; undefined without the plugin. */
  workers: number | undefined;
  /** `health { lameduck }`: how long the daemon goes on serving after it was told to stop, in milliseconds. */
  lameduckMs: number;
  /** `dnstap`: is told of exchanges with other servers, by plugins that are set up after it; undefined without the plugin. */
  exchangeObserver?: ExchangeObserver;
}

/** Times in milliseconds. */
export interface TcpTimeouts {
  /** From the first octet of a query, or from the connection's start, to the last octet of the query. */
  readMs?: number;
  /** How long a client may take no octet of the answers that wait for it. */
  writeMs?: number;
  /** Between the last answer and the next query. */
  idleMs?: number;
  /** Queries that one connection may bring. */
  maxQueries?: number;
}

/** A resolver as one plugin offers it to another. */
export interface OfferedUpstream {
  /** `ip:port`. */
  readonly label: string;
  /** Asks it directly, past every handler. Rejects when there is no answer within the time that an ordinary query has. */
  ask(question: Question): Promise<unknown>;
  /** Asks it no more for clients until `release`; `reason` goes to the log. */
  quarantine(reason: string): void;
  release(): void;
}

export interface SetupContext {
  /** Zones of the server block, in the order of its keys. */
  readonly zones: readonly Zone[];
  /** Addresses that the block is served on; valid from `onStart` on. */
  readonly servers: readonly ServerIdentity[];
  readonly settings: BlockSettings;
  /**
   * Set for the embedded default configuration: what this machine happens to lack (IPv6, name servers in /etc/resolv.conf) is then a warning
   * and no error, so that a first try works everywhere.
   */
  readonly lenient: boolean;
  readonly clock: Clock;
  /** How datagrams go to other servers; undefined where nothing better than `node:dgram` works. */
  readonly channels: DatagramChannels | undefined;
  /** Prefixed with `plugin/NAME`. */
  readonly log: Log;
  readonly metrics: Metrics;
  /**
   * Asks the whole server as if the client of `query` had asked `question`: for templates and others that complete an answer.
   * Depth is bounded; beyond it the outcome is a Failure.
   */
  resolve(query: Query, question: Question): Promise<Outcome>;
  /** Runs when the block begins to serve: sockets are open. A rejection fails the start or the reload. */
  onStart(run: () => void | Promise<void>): void;
  /** Runs when the block has stopped serving, by reload or for good. */
  onStop(run: () => void | Promise<void>): void;
  /** Runs when the daemon was told to end, before the lameduck wait: everything still serves. */
  onShutdown(run: () => void): void;
  /** The page with the metrics of the whole process. */
  metricsPage(): Promise<HttpAnswer>;
  /** What the directive means, for `check --explain` and its warnings; changes nothing. */
  explain(fact: Fact): void;
  /** Tells the block's other plugins of a resolver that this one asks. */
  offerUpstream(upstream: OfferedUpstream): void;
  /** Every resolver that the block's plugins ask; complete from `onStart` on. */
  readonly upstreams: readonly OfferedUpstream[];
  /** Whether pages of this process can be asked; of several workers, the first one shows the pages of all. */
  readonly opensPages: boolean;
  /** Adds a page to the HTTP server of an address while the block serves. */
  http(route: HttpRoute): void;
  /** Something that `/ready` waits for. */
  readiness(isReady: () => boolean): void;
  /** All that `readiness` was told in this configuration: names of plugins that are not ready. */
  notReady(): string[];
  /**
   * State that outlives a reload: the same key gives the object that the previous configuration made, so the key says everything the
   * object depends on.
   */
  carry<State>(key: string, make: () => State): State;
  /** State that all blocks and all configurations of the process share; the first one who asks for the key makes it. */
  processWide<State>(key: string, make: () => State): State;
  /** Octets that all caches of the process together may take; valid from `onStart` on. */
  cacheOctets(): number;
}
