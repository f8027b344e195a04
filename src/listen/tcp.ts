/**
 * DNS over TCP (RFC 7766): many queries in flight on a connection, answers as they are ready, in whatever order. This file holds the
 * listening socket and the limits that span connections; one connection's life is in `tcp-connection.ts`.
 */
import { createServer, isIPv6 } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { ListenCounters } from './counters.ts';
import { waitUntilIdle } from './drain.ts';
import { ListenError } from './listen-error.ts';
import type { Endpoint, Listener } from './listener.ts';
import { TcpConnection } from './tcp-connection.ts';

/** Connections of clients that one listening socket keeps; more are closed at once (RFC 7766 section 6.2.2 asks for a limit). */
export const MAX_CONNECTIONS = 1024;
const BACKLOG = 511;
/** How often deadlines of connections are looked at: they are met within this, in milliseconds. */
const SWEEP_MS = 250;

export interface TcpOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly counters: ListenCounters;
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
        // As for UDP: `::` stands beside `0.0.0.0`.
        ipv6Only: isIPv6(address),
      },
      () => {
        server.removeAllListeners('error');
        resolve();
      },
    );
  });
  return new TcpListener(server, options, endpoint);
}

class TcpListener implements Listener {
  readonly address: string;
  readonly port: number;
  private readonly server: Server;
  private readonly options: TcpOptions;
  private endpoint: Endpoint;
  private readonly connections = new Set<TcpConnection>();
  private readonly sweeper: NodeJS.Timeout;
  private received = 0;
  private accepted = 0;
  /** Connections with answers that are due or not sent yet, in the form that the drain asks for. */
  private readonly unfinished: { readonly inFlight: number };

  constructor(server: Server, options: TcpOptions, endpoint: Endpoint) {
    this.server = server;
    this.options = options;
    this.address = options.address;
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
    server.on('connection', (socket) => this.connect(socket));
    server.on('error', () => options.counters.socketErrors.value++);
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
    if (this.server.listening) await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private connect(socket: Socket): void {
    const { counters, clock } = this.options;
    this.accepted++;
    if (this.connections.size >= MAX_CONNECTIONS) {
      counters.tcpRejected.value++;
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const connection = new TcpConnection(socket, {
      clock,
      counters,
      localAddress: this.address,
      localPort: this.port,
      endpoint: () => this.endpoint,
      onQuery: () => this.received++,
      onClose: () => {
        this.connections.delete(connection);
        counters.tcpConnections.value--;
      },
    });
    this.connections.add(connection);
    counters.tcpConnections.value++;
  }

  private sweep(): void {
    const nowMs = this.options.clock.nowMs();
    for (const connection of this.connections) connection.checkDeadline(nowMs);
  }
}
