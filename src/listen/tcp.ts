/**
 * DNS over TCP (RFC 7766): many queries in flight on a connection, answers as they are ready, in whatever order. This file holds the
 * listening socket and the limits that span connections; one connection's life is in `tcp-connection.ts`.
 */
import { createServer, isIPv6 } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { Query } from '../chain/query.ts';
import { AcceptPause } from './accept-pause.ts';
import { Arrivals } from './arrivals.ts';
import type { ListenCounters } from './counters.ts';
import { waitUntilIdle } from './drain.ts';
import { ListenError } from './listen-error.ts';
import type { Endpoint, Listener } from './listener.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { TcpConnectionOwner } from './tcp-connection.ts';
import { TcpOutbox } from './tcp-outbox.ts';
import { Turns } from './turns.ts';

/** Connections of clients that one listening socket keeps; more are closed at once (RFC 7766 section 6.2.2 asks for a limit). */
export const MAX_CONNECTIONS = 1024;
const BACKLOG = 511;
/** How often deadlines of connections are looked at: they are met within this, in milliseconds. */
const SWEEP_MS = 250;
/** Connections closed in one turn of the event loop; each takes some 30 µs, and a thousand may have come at the same time. */
const CLOSED_PER_TURN = 4;
/** How long no connections are taken once too many have come: short, so that those that come then are few. */
const REST_MS = 20;

export interface TcpOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly counters: ListenCounters;
  /** As for UDP. */
  readonly reusePort?: boolean;
}

export async function listenTcp(options: TcpOptions, endpoint: Endpoint): Promise<Listener> {
  // A client may close its side after the query and still gets the answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const { address, port } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError('tcp', address, port, error)));
    server.listen(
      {
        host: address,
        port,
        backlog: BACKLOG,
        exclusive: true,
        reusePort: options.reusePort === true,
        // As for UDP: `::` stands beside `0.0.0.0`.
        ipv6Only: isIPv6(address),
      },
      () => {
        server.removeAllListeners('error');
        resolve();
      },
    );
  });
  return new TcpListener(server, options, endpoint, await AcceptPause.of(server, BACKLOG));
}

class TcpListener implements Listener, TcpConnectionOwner {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly counters: ListenCounters;
  readonly outbox = new TcpOutbox();
  readonly turns = new Turns();
  spareQuery = new Query();
  endpoint: Endpoint;
  private readonly server: Server;
  private readonly connections = new Set<TcpConnection>();
  private readonly sweeper: NodeJS.Timeout;
  private readonly arrivals = new Arrivals();
  /** When time was last noted there. */
  private passedMs: number;
  private readonly acceptPause: AcceptPause | undefined;
  private resting: NodeJS.Timeout | undefined;
  private received = 0;
  private accepted = 0;
  /** Connections with answers that are due or not sent yet, in the form that the drain asks for. */
  private readonly unfinished: { readonly inFlight: number };

  constructor(server: Server, options: TcpOptions, endpoint: Endpoint, acceptPause: AcceptPause | undefined) {
    this.server = server;
    this.acceptPause = acceptPause;
    this.address = options.address;
    this.clock = options.clock;
    this.counters = options.counters;
    const bound = server.address();
    this.port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
    this.endpoint = endpoint;
    const { connections } = this;
    this.unfinished = {
      get inFlight() {
        let sum = 0;
        for (const connection of connections) if (connection.isBusy) sum++;
        return sum;
      },
    };
    // Above this a connection is closed before Node makes a socket of it, which is most of what it costs.
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket) => this.connect(socket));
    server.on('drop', () => this.reject());
    server.on('error', () => this.counters.socketErrors.value++);
    this.passedMs = performance.now();
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.sweeper.unref();
  }

  get inFlight(): number {
    let sum = 0;
    for (const connection of this.connections) sum += connection.inFlight;
    return sum;
  }

  serve(endpoint: Endpoint): void {
    this.endpoint = endpoint;
  }

  async drain(graceMs: number): Promise<void> {
    const endMs = performance.now() + graceMs;
    const idle = (work: { readonly inFlight: number }, seen: () => number): Promise<void> =>
      waitUntilIdle(work, seen, endMs - performance.now());
    // Connections that nobody has accepted yet would be reset with the socket.
    this.goOnAccepting();
    await idle({ inFlight: 0 }, () => this.accepted);
    const closed = this.closeServer();
    await idle(this.unfinished, () => this.received);
    // FIN, not RST: the last answers still travel.
    for (const connection of this.connections) connection.finish();
    await idle(this.unfinished, () => this.received);
    for (const connection of this.connections) connection.destroy();
    await closed;
  }

  async close(): Promise<void> {
    const closed = this.closeServer();
    for (const connection of this.connections) connection.destroy();
    await closed;
  }

  private async closeServer(): Promise<void> {
    clearInterval(this.sweeper);
    clearTimeout(this.resting);
    this.acceptPause?.close();
    if (this.server.listening) await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private connect(socket: Socket): void {
    this.arrived();
    this.connections.add(new TcpConnection(socket, this));
    this.counters.tcpConnections.value++;
  }

  private reject(): void {
    this.arrived();
    this.counters.tcpRejected.value++;
  }

  private arrived(): void {
    this.accepted++;
    if (this.resting === undefined && !this.arrivals.note() && !this.mayComeNow()) this.rest();
  }

  private mayComeNow(): boolean {
    const sinceMs = this.passedMs;
    this.passedMs = performance.now();
    return this.arrivals.pass(this.passedMs - sinceMs);
  }

  /** Takes no connections for a moment, or closes them at once where they cannot be left to the kernel. */
  private rest(): void {
    this.resting = setTimeout(() => {
      if (this.mayComeNow()) this.goOnAccepting();
      else this.rest();
    }, REST_MS);
    if (this.acceptPause === undefined) this.server.maxConnections = 0;
    else this.acceptPause.pause();
  }

  private goOnAccepting(): void {
    clearTimeout(this.resting);
    this.resting = undefined;
    this.server.maxConnections = MAX_CONNECTIONS;
    this.acceptPause?.resume();
  }

  onQuery(): void {
    this.received++;
  }

  onClose(connection: TcpConnection): void {
    this.connections.delete(connection);
    this.counters.tcpConnections.value--;
  }

  private sweep(): void {
    const nowMs = this.clock.nowMs();
    let closed = 0;
    for (const connection of this.connections) {
      if (!connection.checkDeadline(nowMs) || ++closed < CLOSED_PER_TURN) continue;
      setImmediate(() => this.sweep());
      return;
    }
  }
}
