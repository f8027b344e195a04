/**
 * The listening sockets, keyed by protocol, address and port. A reload keeps those that stay, opens new ones before anything else changes,
 * and hands back those that are no longer wanted, to be drained while their last queries are answered.
 */
import type { Clock } from '../base/clock.ts';
import type { ListenCounters } from '../listen/counters.ts';
import { ListenError } from '../listen/listen-error.ts';
import type { Endpoint, Listener } from '../listen/listener.ts';
import { listenTcp } from '../listen/tcp.ts';
import type { ListenUdp } from '../listen/udp.ts';
import type { Log } from '../observe/log-types.ts';
import { DEFAULT_UDP_PAYLOAD } from '../wire/edns.ts';
import type { ServerGroup } from './servers.ts';

/** One socket that a server wants. */
interface Wish {
  readonly key: string;
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  readonly group: ServerGroup;
  /** Doing without is worth a warning only. */
  readonly optional: boolean;
}

/**
 * Who else may have our ports. `alone`: nobody. `first`: workers that we start, and nobody else, which is made sure of before a port is
 * shared: a second daemon that asked for sharing too would get half of the queries without a word. `beside`: we are such a worker.
 */
export type PortSharing = 'alone' | 'first' | 'beside';

export interface SocketTools {
  readonly clock: Clock;
  readonly counters: ListenCounters;
  readonly log: Log;
  readonly listenUdp: ListenUdp;
  readonly sharing: PortSharing;
}

/** A change of sockets that is ready and has not been made yet. */
export interface SocketChange {
  /** New queries go to the new servers from here on. Gives back the sockets that are wanted no more. */
  commit(): Listener[];
  /** Closes what was opened for the change. */
  abandon(): Promise<void>;
}

/** All addresses of the host, both families apart, so that a client's address always has its own family's form. */
const WILDCARDS = ['0.0.0.0', '::'];
/** The host lacks the address or the whole family. */
const MISSING: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

export class Sockets {
  private readonly tools: SocketTools;
  private open = new Map<string, Listener>();

  constructor(tools: SocketTools) {
    this.tools = tools;
  }

  /** What is bound now, `protocol address port`. */
  get listeners(): readonly Listener[] {
    return [...this.open.values()];
  }

  /**
   * Opens what these servers want and does not have yet; the new sockets answer to `idle` until the change is committed.
   * @throws ListenError; nothing has changed then.
   */
  async prepare(groups: readonly ServerGroup[], idle: Endpoint, lenient: boolean): Promise<SocketChange> {
    const wishes = groups.flatMap((group) => wishesOf(group, lenient));
    const opened = new Map<string, Listener>();
    try {
      for (const wish of wishes) {
        if (this.open.has(wish.key)) continue;
        const listener = await this.bind(wish, idle);
        if (listener !== undefined) opened.set(wish.key, listener);
      }
    } catch (error) {
      await closeAll(opened.values());
      throw error;
    }
    return {
      commit: () => this.swap(wishes, opened),
      abandon: () => closeAll(opened.values()),
    };
  }

  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.drain(graceMs)));
    this.open.clear();
  }

  private async bind(wish: Wish, idle: Endpoint): Promise<Listener | undefined> {
    const { sharing } = this.tools;
    try {
      // Between this and the next bind is a moment for another daemon that starts just now; it would have to hit it for every port.
      if (sharing === 'first') await (await this.listen(wish, idle, false)).close();
      return await this.listen(wish, idle, sharing !== 'alone');
    } catch (error) {
      if (!(error instanceof ListenError) || !wish.optional || !MISSING.has(error.code)) throw error;
      this.tools.log.warn(error.message);
      return undefined;
    }
  }

  private listen(wish: Wish, idle: Endpoint, reusePort: boolean): Promise<Listener> {
    const options = { ...this.tools, address: wish.address, port: wish.port, reusePort };
    return wish.protocol === 'udp' ? this.tools.listenUdp(options, idle) : listenTcp(options, idle);
  }

  private swap(wishes: readonly Wish[], opened: Map<string, Listener>): Listener[] {
    const next = new Map<string, Listener>();
    for (const { key, group } of wishes) {
      const listener = this.open.get(key) ?? opened.get(key);
      if (listener === undefined) continue;
      listener.serve({
        server: group.identity,
        handler: group.handler,
        udpPayload: DEFAULT_UDP_PAYLOAD,
        tcpLimits: group.tcpLimits,
      });
      next.set(key, listener);
    }
    const unwanted = [...this.open].filter(([key]) => !next.has(key)).map(([, listener]) => listener);
    this.open = next;
    return unwanted;
  }
}

function wishesOf(group: ServerGroup, lenient: boolean): Wish[] {
  const addresses = group.address === '' ? WILDCARDS : [group.address];
  return addresses.flatMap((address) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      key: `${protocol} ${address} ${group.port}`,
      protocol,
      address,
      port: group.port,
      group,
      optional: lenient || (group.address === '' && address === '::'),
    })),
  );
}

async function closeAll(listeners: Iterable<Listener>): Promise<void> {
  await Promise.all([...listeners].map((listener) => listener.close()));
}
