/**
 * The set of open HTTP servers, brought from one configuration to the next. An address that stays keeps its socket and its connections;
 * a new one is open before an old one closes; if one cannot be opened, everything is as before. One server answers all paths of an
 * address: see `http-listener.ts`.
 */
import { codeOf, messageOf } from '../base/error-message.ts';
import { formatHttpAddress, parseHttpAddress } from './http-address.ts';
import type { HttpAddress } from './http-address.ts';
import { HttpListener } from './http-listener.ts';
import type { HttpRoute } from './http-types.ts';
import type { Log } from './log-types.ts';

export { parseHttpAddress } from './http-address.ts';

interface Plan {
  readonly address: HttpAddress;
  readonly routes: Map<string, HttpRoute>;
}

export class HttpServers {
  private readonly log: Log;
  private listeners: ReadonlyMap<string, HttpListener> = new Map();
  private turn: Promise<void> = Promise.resolve();

  /** @param log is told of routes that throw */
  constructor(log: Log) {
    this.log = log;
  }

  /**
   * Serves these routes and no others. Where a path of an address comes twice, the first counts. Calls wait for each other.
   *
   * @throws {RangeError} for an address that cannot be read, {Error} for one that cannot be bound, with the system's error as `cause`
   */
  apply(routes: readonly HttpRoute[]): Promise<void> {
    const done = this.turn.then(() => this.swap(plans(routes)));
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** What is bound, as `host:port`, in the order of the routes. */
  addresses(): string[] {
    return [...this.listeners.values()].map((listener) => listener.boundAddress ?? '');
  }

  /** Closes all; the same as no routes. */
  close(): Promise<void> {
    return this.apply([]);
  }

  private async swap(wanted: ReadonlyMap<string, Plan>): Promise<void> {
    const next = new Map<string, HttpListener>();
    const opened: HttpListener[] = [];
    for (const [key, { address, routes }] of wanted) {
      const open = this.listeners.get(key);
      const listener = open ?? new HttpListener(address, routes, this.log);
      if (open === undefined) opened.push(listener);
      next.set(key, listener);
    }
    const leaving = [...this.listeners].filter(([key]) => !wanted.has(key)).map(([, listener]) => listener);
    await this.open(opened, leaving);
    for (const [key, { routes }] of wanted) next.get(key)?.take(routes);
    this.listeners = next;
    await Promise.all(leaving.map((listener) => listener.close()));
  }

  /** Opens all or none. Of several failures the first is told. */
  private async open(listeners: readonly HttpListener[], leaving: readonly HttpListener[]): Promise<void> {
    const results = await Promise.allSettled(listeners.map((listener) => openBeside(leaving, listener)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure === undefined) return;
    await Promise.all(listeners.map((listener) => listener.close()));
    await Promise.all(leaving.map((listener) => this.reopen(listener)));
    throw failure.reason;
  }

  /** Undoes what `openBeside` had to do. */
  private async reopen(listener: HttpListener): Promise<void> {
    if (listener.boundAddress !== undefined) return;
    try {
      await listener.listen();
    } catch (error) {
      this.log.error(`http: could not go back to the former address: ${messageOf(error)}`);
    }
  }
}

/**
 * Opens a listener. Where the port is taken by one of ours that is on its way out (`:9253` becomes `127.0.0.1:9253`), that one stops
 * listening first: both cannot be open at once, and a restart would be the only way otherwise.
 */
async function openBeside(leaving: readonly HttpListener[], listener: HttpListener): Promise<void> {
  const { port } = listener.address;
  const rivals = leaving.filter(({ address }) => port !== 0 && address.port === port);
  try {
    await listener.listen();
  } catch (error) {
    if (rivals.length === 0 || !isAddressInUse(error)) throw error;
    for (const rival of rivals) rival.stopListening();
    await listener.listen();
  }
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && codeOf(error.cause) === 'EADDRINUSE';
}

/** By address, in the order of the routes. */
function plans(routes: readonly HttpRoute[]): Map<string, Plan> {
  const byAddress = new Map<string, Plan>();
  for (const route of routes) {
    const address = withoutLookup(parseHttpAddress(route.address));
    const key = formatHttpAddress(address);
    const plan = byAddress.get(key) ?? { address, routes: new Map<string, HttpRoute>() };
    byAddress.set(key, plan);
    if (!plan.routes.has(route.path)) plan.routes.set(route.path, route);
  }
  return byAddress;
}

/** The resolver behind a name may be ourselves, so the one name that is common is not looked up; Go takes its IPv4 address too. */
function withoutLookup(address: HttpAddress): HttpAddress {
  return address.host === 'localhost' ? { ...address, host: '127.0.0.1' } : address;
}
