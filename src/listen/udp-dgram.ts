/**
 * UDP over `node:dgram`: one datagram, one call. The listener that works everywhere; each datagram comes in octets of its own, so a query
 * that has to wait can keep them.
 */
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { codeOf } from '../base/error-message.ts';
import { DROP } from '../chain/outcome.ts';
import type { Outcome } from '../chain/outcome.ts';
import { Query } from '../chain/query.ts';
import { render, renderedOctets } from '../chain/render.ts';
import { ACCEPTED, DROPPED, MAX_REFUSAL_OCTETS, accept, stamp, writeRefusal } from './accept.ts';
import { ListenError } from './listen-error.ts';
import type { Endpoint, Listener } from './listener.ts';
import type { ListenCounters } from './counters.ts';
import { waitUntilIdle } from './drain.ts';

/** Wished for; the kernel gives what `net.core.rmem_max` allows. Holds a burst of about 4,000 small queries. */
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;

export interface UdpOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly counters: ListenCounters;
  /** Whether other processes of this user may bind the port too, when they ask for the same (SO_REUSEPORT). Not unless given. */
  readonly reusePort?: boolean;
}

export async function listenUdpDgram(options: UdpOptions, endpoint: Endpoint): Promise<Listener> {
  const ipv6 = isIPv6(options.address);
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    // `::` stands beside `0.0.0.0`: both families apart, so that a client's address has its own family's form.
    ipv6Only: ipv6,
    reusePort: options.reusePort === true,
    lookup: addressAsIs,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => reject(new ListenError('udp', options.address, options.port, error)));
    socket.bind({ address: options.address, port: options.port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
  return new UdpDgramListener(socket, options, endpoint);
}

/** Clients are known by address, so there is nothing to look up; the default would take another turn of the loop for each reply. */
function addressAsIs(
  address: string,
  options: { family?: number | 'IPv4' | 'IPv6' },
  found: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  found(null, address, options.family === 6 ? 6 : 4);
}

class UdpDgramListener implements Listener {
  readonly address: string;
  readonly port: number;
  inFlight = 0;
  private readonly socket: Socket;
  private readonly clock: Clock;
  private readonly counters: ListenCounters;
  private endpoint: Endpoint;
  /** Used for query after query as long as none has to wait. */
  private spare = new Query();
  private received = 0;
  private closed = false;
  private readonly sent = (error: Error | null): void => {
    if (error !== null) this.counters.sendFailed(1, codeOf(error) ?? 'UNKNOWN');
  };

  constructor(socket: Socket, options: UdpOptions, endpoint: Endpoint) {
    this.socket = socket;
    this.address = options.address;
    this.port = socket.address().port;
    this.clock = options.clock;
    this.counters = options.counters;
    this.endpoint = endpoint;
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER_OCTETS);
    } catch {
      // The system's default will do.
    }
    socket.on('message', (message, client) => this.receive(message, client));
    socket.on('error', () => this.counters.socketErrors.value++);
  }

  serve(endpoint: Endpoint): void {
    this.endpoint = endpoint;
  }

  /** Node shows no descriptor of it. */
  share(): boolean {
    return false;
  }

  async drain(graceMs: number): Promise<void> {
    await waitUntilIdle(this, () => this.received, graceMs);
    await this.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await new Promise<void>((resolve) => this.socket.close(resolve));
  }

  /** The network's way in: nothing may be thrown from here (a throw would end the process). */
  private receive(message: Buffer, client: RemoteInfo): void {
    this.received++;
    // Nobody can be answered at port 0, and `send` throws on it.
    if (client.port === 0) {
      this.counters.dropped.value++;
      return;
    }
    try {
      this.answer(message, client);
    } catch (error) {
      this.counters.bug(error);
    }
  }

  private answer(message: Buffer, client: RemoteInfo): void {
    const query = this.spare;
    const accepted = accept(query, message, message.length);
    if (accepted === DROPPED) {
      this.counters.dropped.value++;
      return;
    }
    query.transport = 'udp';
    query.replyLimit = this.endpoint.udpPayload;
    if (accepted !== ACCEPTED) {
      const out = Buffer.allocUnsafe(MAX_REFUSAL_OCTETS);
      this.counters.refused.value++;
      this.send(out, writeRefusal(query, out), client.port, client.address);
      return;
    }
    query.clientAddress = client.address;
    query.clientPort = client.port;
    stamp(query, this.endpoint, this.address, this.port, this.clock.nowMs());
    const pending = this.endpoint.handler.ask(query);
    if (!(pending instanceof Promise)) {
      this.reply(query, pending);
      return;
    }
    this.spare = new Query();
    this.inFlight++;
    void pending.then((outcome) => this.replyLater(query, outcome));
  }

  private replyLater(query: Query, outcome: Outcome): void {
    this.inFlight--;
    try {
      this.reply(query, outcome);
    } catch (error) {
      this.counters.bug(error);
    }
  }

  private reply(query: Query, outcome: Outcome): void {
    if (outcome.kind === DROP) return;
    const out = Buffer.allocUnsafe(renderedOctets(query, outcome));
    this.send(out, render(query, outcome, out), query.clientPort, query.clientAddress);
  }

  private send(out: Buffer, length: number, port: number, address: string): void {
    if (this.closed) return;
    this.socket.send(out, 0, length, port, address, this.sent);
  }
}
