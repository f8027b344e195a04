/**
 * The listening sockets, keyed by protocol, address and port. A reload keeps those that stay, opens new ones before anything else changes,
 * and hands back those that are no longer wanted, to be drained while their last queries are answered.
 */
import { isIPv6 } from 'node:net';
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
/** How long what a socket was asked may take whose configuration does not come after all. */
const ABANDONED_MS = 6_000;
/** The host lacks the address or the whole family. */
const MISSING: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

export class Sockets {
  private readonly tools: SocketTools;
  private open = new Map<string, Listener>();
  /** What was wished for when these were opened. */
  private wishes: readonly Wish[] = [];
  /** Keys of those that do not have their port alone. */
  private shared: ReadonlySet<string> = new Set();

  constructor(tools: SocketTools) {
    this.tools = tools;
  }

  /** What is bound now, `protocol address port`. */
  get listeners(): readonly Listener[] {
    return [...this.open.values()];
  }

  /**
   * Opens what these servers want and does not have yet; until the change is committed the new sockets answer to `idle`, or as the one for all
   * addresses does that they take an address from.
   * @throws ListenError; nothing has changed then.
   */
  async prepare(groups: readonly ServerGroup[], idle: Endpoint, lenient: boolean): Promise<SocketChange> {
    const wishes = groups.flatMap((group) => wishesOf(group, lenient));
    const opened = new Map<string, Listener>();
    const fresh = wishes.filter(({ key }) => !this.open.has(key));
    const shared = new Set(
      wishes.filter((wish) => this.isShared(wish, [...wishes, ...this.wishes])).map(({ key }) => key),
    );
    // Some may have been asked already, in place of the one that they are bound beside.
    const abandon = async (): Promise<void> => {
      await Promise.all([...opened.values()].map((listener) => listener.drain(ABANDONED_MS)));
    };
    this.shareBeside(fresh);
    try {
      await this.requireFree(fresh, shared, idle);
      for (const wish of fresh) {
        const until = this.answererOf(wish) ?? idle;
        const listener = await this.listen(wish, until, shared.has(wish.key), (error) => {
          this.tools.log.warn(error.message);
        });
        if (listener !== undefined) opened.set(wish.key, listener);
      }
    } catch (error) {
      await abandon();
      throw error;
    }
    return {
      commit: () => {
        this.shared = shared;
        this.wishes = wishes;
        return this.swap(wishes, opened);
      },
      abandon,
    };
  }

  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.drain(graceMs)));
    this.open.clear();
  }

  /** Workers share every port. Two sockets of our own share one where one of them is for all addresses, and the other for one of these. */
  private isShared(wish: Wish, wishes: readonly Wish[]): boolean {
    return this.tools.sharing !== 'alone' || wishes.some((other) => isBeside(wish, other));
  }

  /** Who has answered so far what comes to this address; undefined where nobody has. */
  private answererOf(wish: Wish): Endpoint | undefined {
    const open = this.wishes.find(
      (other) => this.open.has(other.key) && isBeside(other, wish) && WILDCARDS.includes(other.address),
    );
    return open === undefined ? undefined : endpointOf(open.group);
  }

  /**
   * Has the sockets that have their port alone let these be bound beside them. That is for good, also where the change fails: another daemon of
   * this program finds out all the same that the port is taken, since it tries to have it alone.
   */
  private shareBeside(fresh: readonly Wish[]): void {
    for (const wish of this.wishes) {
      const isInTheWay = !this.shared.has(wish.key) && fresh.some((other) => isBeside(wish, other));
      if (isInTheWay) this.open.get(wish.key)?.share();
    }
  }

  /**
   * Binds the ports that are to be shared alone, for a moment. Between this and the bind that counts is time for another daemon that starts just
   * now; it would have to hit it for every port.
   */
  private async requireFree(
    fresh: readonly Wish[],
    shared: ReadonlySet<string>,
    idle: Endpoint,
  ): Promise<void> {
    if (this.tools.sharing === 'beside') return;
    // One that overlaps with an address of ours could not be bound alone.
    const tried = fresh.filter((wish) => {
      const isOurs = (open: Wish): boolean =>
        this.open.has(open.key) &&
        open.protocol === wish.protocol &&
        open.port === wish.port &&
        (this.shared.has(open.key) || isBeside(open, wish));
      return shared.has(wish.key) && !this.wishes.some(isOurs);
    });
    for (const wish of tried) await (await this.listen(wish, idle, false, () => undefined))?.close();
  }

  /** @param missing is told why, where the address is missing and may be */
  private async listen(
    wish: Wish,
    idle: Endpoint,
    reusePort: boolean,
    missing: (error: Error) => void,
  ): Promise<Listener | undefined> {
    const hasTwins = this.tools.sharing !== 'alone';
    const options = { ...this.tools, address: wish.address, port: wish.port, reusePort, hasTwins };
    try {
      return await (wish.protocol === 'udp' ? this.tools.listenUdp(options, idle) : listenTcp(options, idle));
    } catch (error) {
      if (!(error instanceof ListenError) || !wish.optional || !MISSING.has(error.code)) throw error;
      missing(error);
      return undefined;
    }
  }

  private swap(wishes: readonly Wish[], opened: Map<string, Listener>): Listener[] {
    const next = new Map<string, Listener>();
    for (const { key, group } of wishes) {
      const listener = this.open.get(key) ?? opened.get(key);
      if (listener === undefined) continue;
      listener.serve(endpointOf(group));
      next.set(key, listener);
    }
    const unwanted = [...this.open].filter(([key]) => !next.has(key)).map(([, listener]) => listener);
    this.open = next;
    return unwanted;
  }
}

const endpointOf = (group: ServerGroup): Endpoint => ({
  server: group.identity,
  handler: group.handler,
  udpPayload: DEFAULT_UDP_PAYLOAD,
  tcpLimits: group.tcpLimits,
});

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

/** Whether the kernel would keep one of these from being bound while the other is. */
function isBeside(one: Wish, other: Wish): boolean {
  if (one.protocol !== other.protocol || one.port !== other.port) return false;
  if (isIPv6(one.address) !== isIPv6(other.address)) return false;
  return WILDCARDS.includes(one.address) !== WILDCARDS.includes(other.address);
}
