/**
 * The data path as a whole: starts with a configuration, goes from one to the next without losing a query, and ends when it is told.
 *
 * Order of a start or reload: set up (nothing opened) → open sockets → start plugins → HTTP → swap. Until the swap the old configuration
 * serves as if nothing happened, and whatever fails before it is undone.
 */
import { BatchChannels } from '../datagram/batch-channels.ts';
import type { Endpoint } from '../listen/listener.ts';
import { ListenError } from '../listen/listen-error.ts';
import type { Listener } from '../listen/listener.ts';
import { listenCounters } from '../listen/counters.ts';
import type { ListenCounters } from '../listen/counters.ts';
import { listenUdpWith, proveBatches } from '../listen/udp.ts';
import type { UdpMode } from '../listen/udp.ts';
import type { HttpServers } from '../observe/http.ts';
import type { RootLog } from '../observe/log.ts';
import type { Counter, Family, Gauge } from '../observe/metric-types.ts';
import { SILENCE } from '../chain/outcome.ts';
import type { ServerBlock } from '../corefile/parse.ts';
import { Generation } from './generation.ts';
import type { Surroundings } from './surroundings.ts';
import { Sockets } from './sockets.ts';
import type { PortSharing, SocketChange } from './sockets.ts';
import { describeServers } from './announce.ts';

/** How long the queries of a configuration that was replaced may still take: longer than any of them. */
const OLD_QUERIES_MS = 6_000;
/** How often it is looked whether they are done. */
const POLL_MS = 20;
/** How often it is tried to bind an address that is to come. */
const ADDRESS_POLL_MS = 100;

/** A socket that is open and has no servers behind it yet: clients ask again. */
const NOT_YET: Endpoint = {
  server: { index: 0, label: '' },
  udpPayload: 0,
  handler: { name: 'starting', ask: () => SILENCE },
};

export interface ServiceOptions {
  /** Gives the Corefile as it is now, parsed. @throws Error */
  readonly read: () => ServerBlock[];
  /** Number among the processes that serve together: 0 for the one that was started, which shares its ports with its own workers only. */
  readonly worker: number;
  /** Told of each configuration as soon as it serves. */
  readonly entered: (generation: Generation, blocks: readonly ServerBlock[]) => void | Promise<void>;
  readonly surroundings: Surroundings & { readonly log: RootLog };
  readonly http: HttpServers;
  /** Whether the start-up log leaves out what listens where. */
  readonly quiet: boolean;
  readonly udp: UdpMode;
  /** Whether debug lines come out whatever the Corefile says. */
  readonly debug: boolean;
}

export class Service {
  private readonly options: ServiceOptions;
  private readonly counters: ListenCounters;
  private sockets: Sockets | undefined;
  /** Proved at the start, for good. */
  private channels: BatchChannels | undefined;
  private sharing: PortSharing = 'alone';
  private readonly reloadFailures: Counter;
  private readonly version: Family<Gauge>;
  private readonly plugins: Family<Gauge>;
  private current: Generation | undefined;
  /** Until the configuration before this one has given up its sockets. */
  private leaving: Promise<void> | undefined;
  private changing: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(options: ServiceOptions) {
    const { log, metrics } = options.surroundings;
    this.options = options;
    this.counters = listenCounters(metrics, log);
    this.reloadFailures = metrics
      .counter('coredns_reload_failed_total', 'Reloads that failed and left the old configuration in place.')
      .with();
    this.version = metrics.gauge('coredns_reload_version_info', 'Hash of the running configuration.', [
      'hash',
      'value',
    ]);
    this.plugins = metrics.gauge('coredns_plugin_enabled', 'Plugins in use, by server and zone.', [
      'server',
      'zone',
      'view',
      'name',
    ]);
  }

  /** The configuration that serves. */
  get generation(): Generation | undefined {
    return this.current;
  }

  /** @throws Error with the message for the user when anything fails; nothing is left open then. */
  start(): Promise<void> {
    const done = this.begin();
    // A reload or a stop that is asked for meanwhile comes afterwards.
    this.changing = done.catch(() => undefined);
    return done;
  }

  private async begin(): Promise<void> {
    const { quiet, http, surroundings, udp } = this.options;
    const { clock, log } = surroundings;
    this.counters.descriptors.watch();
    const blocks = this.read();
    const tools = await proveBatches(udp, this.counters, log);
    if (tools !== undefined)
      this.channels = new BatchChannels(tools.libc, (error) => this.counters.bug(error));
    const generation = this.setUp(blocks);
    this.sharing = this.sharingOf(generation);
    const listenUdp = listenUdpWith(tools);
    this.sockets = new Sockets({ clock, log, listenUdp, counters: this.counters, sharing: this.sharing });
    await this.enterWhenThere(generation, this.sockets);
    if (!quiet) {
      for (const line of describeServers(generation, this.sockets.listeners, http.addresses()))
        log.info(line);
    }
    await this.options.entered(generation, blocks);
  }

  /** A guard makes the addresses that we are told of as local ones, perhaps after our start; any other one that is missing is a mistake. */
  private async enterWhenThere(generation: Generation, sockets: Sockets): Promise<void> {
    const { defaultAddresses = [], log } = this.options.surroundings;
    for (let said = ''; ;) {
      try {
        await this.enter(generation, sockets);
        return;
      } catch (error) {
        const isToCome = error instanceof ListenError && error.code === 'EADDRNOTAVAIL';
        if (!isToCome || this.stopped || !defaultAddresses.includes(error.address)) throw error;
        if (said !== error.address) log.warn(`${error.message}; waiting for it`);
        said = error.address;
      }
      await delay(ADDRESS_POLL_MS);
    }
  }

  private sharingOf({ workers }: Generation): PortSharing {
    if (this.options.worker > 0) return 'beside';
    return workers > 1 ? 'first' : 'alone';
  }

  /** Reads the Corefile as it is now. @throws Error */
  read(): ServerBlock[] {
    return this.options.read();
  }

  /**
   * Takes over the Corefile as it is now. Calls wait for each other.
   * @returns the error when it could not be taken over: the old configuration serves on.
   */
  reload(): Promise<Error | undefined> {
    const done = this.changing.then(() => this.tryReload());
    this.changing = done;
    return done;
  }

  /** Serves for the lameduck time of the configuration, then answers what is there and closes everything. */
  async stop(graceMs: number, lameduck: boolean): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    const { log, presence } = this.options.surroundings;
    presence.beginDraining();
    await this.changing;
    const generation = this.current;
    for (const run of generation?.hooks.shutdown ?? []) run();
    const waitMs = lameduck ? (generation?.lameduckMs ?? 0) : 0;
    if (waitMs > 0) {
      log.info(`plugin/health: Going into lameduck mode for ${waitMs / 1000}s`);
      await delay(waitMs);
    }
    await this.sockets?.drain(graceMs);
    await generation?.stop(log);
    await this.options.http.close();
    this.counters.descriptors.close();
  }

  private async tryReload(): Promise<Error | undefined> {
    if (this.stopped || this.sockets === undefined) return undefined;
    try {
      const blocks = this.read();
      const generation = this.setUp(blocks);
      this.refuseMoreWorkers(generation);
      await this.enter(generation, this.sockets);
      await this.options.entered(generation, blocks);
      return undefined;
    } catch (error) {
      this.reloadFailures.value++;
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.version.clear();
      this.version.with('sha512', this.current?.hash ?? '').value = 1;
    }
  }

  /** What was bound for one process alone cannot be shared later, and closing it first would lose queries. */
  private refuseMoreWorkers({ workers }: Generation): void {
    if (this.sharing !== 'alone' || workers === 1) return;
    const message = `plugin/multisocket: from 1 to ${workers} is not possible while serving: restart the daemon`;
    // About the text, so that it is not tried again before that changes.
    throw new Error(message, { cause: new RangeError(message) });
  }

  private setUp(blocks: readonly ServerBlock[]): Generation {
    return new Generation(blocks, { ...this.options.surroundings, channels: this.channels }, this.current);
  }

  /** Everything that can fail comes before the first line that changes what serves. */
  private async enter(next: Generation, sockets: Sockets): Promise<void> {
    const { surroundings, http } = this.options;
    const previous = this.current;
    const change = await this.prepare(next, sockets);
    try {
      await next.start();
      if (surroundings.opensPages) await http.apply(next.routes);
    } catch (error) {
      await next.stop(surroundings.log);
      await change.abandon();
      throw error;
    }
    surroundings.log.setDebug(this.options.debug || next.blocks.some(({ settings }) => settings.debug));
    const unwanted = change.commit();
    this.current = next;
    this.showPlugins(next);
    if (previous !== undefined) this.leaving = this.leave(previous, unwanted);
  }

  /** A port that an earlier configuration is about to give up is ours in a moment. */
  private async prepare({ groups }: Generation, sockets: Sockets): Promise<SocketChange> {
    const { lenient } = this.options.surroundings;
    try {
      return await sockets.prepare(groups, NOT_YET, lenient);
    } catch (error) {
      if (this.leaving === undefined || !(error instanceof ListenError) || error.code !== 'EADDRINUSE')
        throw error;
      await this.leaving;
      return sockets.prepare(groups, NOT_YET, lenient);
    }
  }

  /** The old configuration answers what it was asked, then its plugins stop. */
  private async leave(previous: Generation, unwanted: readonly Listener[]): Promise<void> {
    const { clock, log } = this.options.surroundings;
    const endMs = clock.nowMs() + OLD_QUERIES_MS;
    await Promise.all(unwanted.map((listener) => listener.drain(OLD_QUERIES_MS)));
    while (previous.inFlight > 0 && clock.nowMs() < endMs) await delay(POLL_MS);
    await previous.stop(log);
  }

  private showPlugins(generation: Generation): void {
    this.plugins.clear();
    for (const { servers, zones, makers } of generation.blocks) {
      for (const { label } of servers) {
        for (const { plugin } of makers) this.plugins.with(label, zones[0].text, '', plugin.name).value = 1;
      }
    }
  }
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
