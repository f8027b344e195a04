/**
 * DNS over TCP (RFC 7766): many queries in flight on a connection, answers as they are ready, in whatever order. This file holds the
 * listening socket and the limits that span connections; one connection's life is in `tcp-connection.ts`.
 */
import { createServer, isIPv6 } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { Query } from '../chain/query.ts';
import { descriptorOf } from '../datagram/descriptor-of.ts';
import { loadLibc } from '../datagram/libc.ts';
import { AcceptPause } from './accept-pause.ts';
import { Arrivals } from './arrivals.ts';
import { ClientConnections } from './client-connections.ts';
import type { ListenCounters } from './counters.ts';
import { waitUntilIdle } from './drain.ts';
import { Flooders } from './flooders.ts';
import { ListenError } from './listen-error.ts';
import type { Endpoint, Listener } from './listener.ts';
import { boundTcpBuffers } from './tcp-buffers.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { TcpConnectionOwner } from './tcp-connection.ts';
import { TcpOutbox } from './tcp-outbox.ts';
import { Turns } from './turns.ts';

/** Connections of clients that one listening socket keeps (RFC 7766 section 6.2.2 asks for a limit): who has most makes room for others. */
export const MAX_CONNECTIONS = 1024;
/** Connections that are closed and not gone yet. Above them a connection is closed before Node makes a socket of it. */
const CLOSING_CONNECTIONS = 64;
/** Octets that all of them may hold, of what came and what is to be sent: then connections of who holds most are closed. */
export const MAX_HELD_OCTETS = 16 * 1024 * 1024;
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
  /** Whether other processes listen on the very same address. */
  readonly hasTwins?: boolean;
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
  const libc = await loadLibc().catch(() => undefined);
  if (libc !== undefined) boundTcpBuffers(libc, server);
  const acceptPause = libc === undefined ? undefined : AcceptPause.of(server, libc, BACKLOG);
  return new TcpListener(server, options, endpoint, acceptPause);
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
  private readonly connections = new ClientConnections<TcpConnection>();
  private heldOctets = 0;
  /** Runs while there are connections, or clients to let in again. */
  private sweeper: NodeJS.Timeout | undefined;
  private readonly hasTwins: boolean;
  private readonly arrivals = new Arrivals();
  private readonly flooders = new Flooders();
  /** When time was last noted there. */
  private passedMs: number;
  private readonly acceptPause: AcceptPause | undefined;
  private resting: NodeJS.Timeout | undefined;
  private isClosed = false;
  private received = 0;
  private accepted = 0;
  /** Connections with answers that are due or not sent yet, or whose first question is expected, in the form that the drain asks for. */
  private readonly unfinished: { readonly inFlight: number };

  constructor(server: Server, options: TcpOptions, endpoint: Endpoint, acceptPause: AcceptPause | undefined) {
    this.server = server;
    this.acceptPause = acceptPause;
    this.address = options.address;
    this.clock = options.clock;
    this.counters = options.counters;
    this.hasTwins = options.hasTwins === true;
    const bound = server.address();
    this.port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
    this.endpoint = endpoint;
    const { connections } = this;
    this.unfinished = {
      get inFlight() {
        let sum = 0;
        for (const connection of connections) if (connection.isBusy || connection.isExpected) sum++;
        return sum;
      },
    };
    server.maxConnections = MAX_CONNECTIONS + CLOSING_CONNECTIONS;
    server.on('connection', (socket) => this.connect(socket));
    server.on('drop', () => this.reject());
    server.on('error', () => this.failed());
    this.passedMs = performance.now();
  }

  get inFlight(): number {
    let sum = 0;
    for (const connection of this.connections) sum += connection.inFlight;
    return sum;
  }

  serve(endpoint: Endpoint): void {
    this.endpoint = endpoint;
  }

  share(): boolean {
    return this.acceptPause?.share() === true;
  }

  async drain(graceMs: number): Promise<void> {
    const endMs = performance.now() + graceMs;
    const idle = (work: { readonly inFlight: number }, seen: () => number): Promise<void> =>
      waitUntilIdle(work, seen, endMs - performance.now());
    // Among twins the system would go on choosing this one, and drop what comes.
    if (!this.hasTwins) this.acceptPause?.leavePort();
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
    this.isClosed = true;
    this.stopSweeping();
    clearTimeout(this.resting);
    this.acceptPause?.close();
    if (this.server.listening) await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private connect(socket: Socket): void {
    this.arrived();
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
    const connection = new TcpConnection(socket, this);
    this.connections.add(connection);
    if (this.flooders.note(connection.client)) this.keepOutFlooder();
    this.counters.tcpConnections.value++;
    const isLastDescriptor = !this.counters.descriptors.mayServe(descriptorOf(socket));
    if (isLastDescriptor || this.connections.size > MAX_CONNECTIONS) this.makeRoom(connection);
  }

  /** There is too much, and connections of one client may be what it is. */
  private keepOutFlooder(): void {
    if (this.acceptPause === undefined || !this.flooders.tooMany(performance.now())) return;
    this.acceptPause.keepOut(this.flooders.keptOut);
    this.counters.tcpKeptOut.value++;
  }

  /** There is one too many. */
  private makeRoom(newcomer: TcpConnection): void {
    this.keepOutFlooder();
    const leaving = this.connections.oneTooMany(newcomer);
    this.connections.delete(leaving);
    leaving.destroy();
    if (leaving === newcomer) this.counters.tcpRejected.value++;
    else this.counters.tcpPushedOut.value++;
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
    this.keepOutFlooder();
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
    this.server.maxConnections = MAX_CONNECTIONS + CLOSING_CONNECTIONS;
    this.acceptPause?.resume();
    // It takes a descriptor, and somebody else may have got the last one meanwhile.
    if (this.acceptPause !== undefined && !this.isClosed && !this.server.listening) this.rest();
  }

  /** A connection could not be taken, for want of a descriptor or of memory, and is still there: trying again at once is no use. */
  private failed(): void {
    this.counters.socketErrors.value++;
    if (this.resting === undefined && !this.isClosed) this.rest();
  }

  onQuery(): void {
    this.received++;
  }

  onHeld(octets: number): void {
    this.heldOctets += octets;
    while (this.heldOctets > MAX_HELD_OCTETS) {
      this.keepOutFlooder();
      const heaviest = this.connections.heaviest();
      if (heaviest === undefined) return;
      this.connections.delete(heaviest);
      heaviest.destroy();
      this.counters.tcpPushedOut.value++;
    }
  }

  onClose(connection: TcpConnection): void {
    this.connections.delete(connection);
    this.counters.tcpConnections.value--;
  }

  private sweep(): void {
    if (this.flooders.pass(performance.now())) this.acceptPause?.keepOut(this.flooders.keptOut);
    const nowMs = this.clock.nowMs();
    let closed = 0;
    for (const connection of this.connections) {
      if (!connection.checkDeadline(nowMs) || ++closed < CLOSED_PER_TURN) continue;
      setImmediate(() => this.sweep());
      return;
    }
    // A process that serves nobody over TCP is not woken for that.
    if (this.connections.size === 0 && this.flooders.isIdle) this.stopSweeping();
  }

  private stopSweeping(): void {
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }
}
