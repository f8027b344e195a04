/**
 * UDP in batches: sockets of our own, up to 64 datagrams for one system call in each direction. What `udp-dgram.ts` does, at a fraction of
 * the cost; both pass the same tests.
 *
 * A cached answer goes from the receive buffer to the send buffer in one synchronous call. A query that has to wait takes its octets along,
 * since the buffer is another query's right after.
 */
import { networkInterfaces } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { DROP } from '../chain/outcome.ts';
import type { Outcome } from '../chain/outcome.ts';
import type { Query } from '../chain/query.ts';
import { render } from '../chain/render.ts';
import { settle } from '../chain/settle.ts';
import { ACCEPTED, DROPPED, accept, stamp, writeRefusal } from './accept.ts';
import { BATCH_SIZE, BatchMemory, DATAGRAM_OCTETS } from '../datagram/batch-memory.ts';
import type { BatchOutbox } from './batch-outbox.ts';
import { BatchQuery } from './batch-query.ts';
import type { ListenCounters } from './counters.ts';
import { waitUntilIdle } from './drain.ts';
import type { Libc } from '../datagram/libc.ts';
import { LoopWait } from '../datagram/loop-wait.ts';
import { Receiver } from '../datagram/receiver.ts';
import type { Arrival, DatagramReader, StandIn } from '../datagram/stand-in.ts';
import { leavePort, openDatagramSocket } from '../datagram/datagram-socket.ts';
import type { DatagramSocket } from '../datagram/datagram-socket.ts';
import { ListenError } from './listen-error.ts';
import type { Endpoint, Listener } from './listener.ts';
import { copyReturnControl } from '../datagram/packet-info.ts';
import { SOL_SOCKET, SO_REUSEPORT, setSocketOption } from '../datagram/socket-option.ts';
import { portOf } from '../datagram/socket-address.ts';

const EAGAIN = 11;
const EINTR = 4;
/** Batches read before the event loop turns: about a millisecond of work. What is left wakes us again. */
const ROUNDS_PER_TURN = 4;
/** Queries that have waited and are used again for others; beyond these the collector takes them. */
const MOST_SPARES = 256;

/** What all batching listeners of the process share. */
export interface BatchTools {
  readonly libc: Libc;
  readonly inbox: BatchMemory;
  readonly outbox: BatchOutbox;
  /** What waits in the place of the event loop; undefined where nothing may, or the process shows no loop. */
  readonly standIn?: StandIn | undefined;
}

export interface UdpBatchOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly counters: ListenCounters;
  /** As in `UdpOptions`. */
  readonly reusePort?: boolean;
}

/** @throws ListenError */
export function listenUdpBatch(options: UdpBatchOptions, endpoint: Endpoint, tools: BatchTools): Listener {
  const [, scope] = options.address.split('%');
  const scopeId = scope === undefined ? 0 : scopeIdOf(scope);
  return new UdpBatchListener(openSocket(options, scopeId, tools), options, endpoint, tools);
}

function openSocket(options: UdpBatchOptions, scopeId: number, tools: BatchTools): DatagramSocket {
  const { address, port, reusePort = false } = options;
  try {
    return openDatagramSocket(tools.libc, address, port, scopeId, reusePort);
  } catch (error) {
    throw error instanceof Error ? new ListenError('udp', address, port, error) : error;
  }
}

/** The number of an interface, which a link-local address needs. */
function scopeIdOf(name: string): number {
  return networkInterfaces()[name]?.find(({ scopeid }) => scopeid !== undefined)?.scopeid ?? Number(name);
}

class UdpBatchListener implements Listener, DatagramReader {
  readonly address: string;
  readonly port: number;
  readonly fd: number;
  readonly message: number;
  inFlight = 0;
  private readonly socket: DatagramSocket;
  private readonly receiver: Receiver;
  private readonly clock: Clock;
  private readonly counters: ListenCounters;
  private readonly tools: BatchTools;
  private readonly poll: { close(): void };
  private readonly loopWait: LoopWait | undefined;
  private endpoint: Endpoint;
  private readonly spares: BatchQuery[] = [];
  private spare = new BatchQuery();
  /** When the batch was read. A field, since a number with a fraction that is handed on is allocated, for each query. */
  private readMs = 0;
  private received = 0;
  private closed = false;
  private shared: boolean;

  constructor(socket: DatagramSocket, options: UdpBatchOptions, endpoint: Endpoint, tools: BatchTools) {
    this.socket = socket;
    this.fd = socket.fd;
    this.receiver = new Receiver(tools.libc, tools.inbox, socket);
    this.message = this.receiver.message;
    this.address = options.address;
    this.port = socket.port;
    this.clock = options.clock;
    this.counters = options.counters;
    this.tools = tools;
    this.endpoint = endpoint;
    this.shared = options.reusePort === true;
    this.poll = tools.libc.poll(socket.fd, () => this.readable());
    this.loopWait = tools.standIn && new LoopWait(tools.standIn, this);
  }

  serve(endpoint: Endpoint): void {
    this.endpoint = endpoint;
  }

  share(): boolean {
    this.shared ||= setSocketOption(this.tools.libc, this.socket.fd, SOL_SOCKET, SO_REUSEPORT, 1);
    return this.shared;
  }

  async drain(graceMs: number): Promise<void> {
    // What comes from now on is for the others that share the port; it would come for ever.
    if (this.shared) leavePort(this.tools.libc, this.socket);
    await waitUntilIdle(this, () => this.received, graceMs);
    await this.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.tools.outbox.flush();
    this.closed = true;
    this.loopWait?.close();
    this.poll.close();
    this.tools.libc.close(this.socket.fd);
  }

  /** The network's way in. What would be thrown from here would vanish without a word. */
  private readable(): void {
    try {
      for (let round = 0; round < ROUNDS_PER_TURN && !this.closed; round++) {
        if (this.readBatch() < BATCH_SIZE) {
          if (this.mayWait()) this.loopWait?.wait();
          return;
        }
      }
    } catch (error) {
      this.counters.bug(error);
    }
  }

  read(arrival?: Arrival): boolean {
    this.readBatch(arrival);
    return this.mayWait();
  }

  makeRoom(): void {
    this.receiver.makeRoom();
  }

  /** Whether the loop has nothing to do for our queries. */
  private mayWait(): boolean {
    return this.inFlight === 0 && !this.closed;
  }

  /** @returns how many datagrams there were. */
  private readBatch(arrival?: Arrival): number {
    const { libc, outbox } = this.tools;
    const count = this.receiver.receive(arrival);
    if (count <= 0) {
      if (count < 0) this.noteError(libc.errno());
      return 0;
    }
    this.received += count;
    this.readMs = this.clock.nowMs();
    for (let i = 0; i < count; i++) this.take(i);
    outbox.flush(arrival);
    return count;
  }

  private noteError(errno: number): void {
    // Anything else is an ICMP error about an earlier answer: its client is gone.
    if (errno !== EAGAIN && errno !== EINTR) this.counters.socketErrors.value++;
  }

  /** One datagram; a bug costs this one. */
  private take(index: number): void {
    try {
      this.answer(index);
    } catch (error) {
      this.counters.bug(error);
    }
  }

  private answer(index: number): void {
    const { inbox, outbox } = this.tools;
    const { fd, wildcard } = this.socket;
    const from = inbox.addresses[index];
    const query = this.spare;
    const octets = Math.min(inbox.receivedOctets(index), DATAGRAM_OCTETS);
    // Nobody can be answered at port 0.
    const accepted = portOf(from) === 0 ? DROPPED : accept(query, inbox.buffers[index], octets);
    if (accepted === DROPPED) {
      this.counters.dropped.value++;
      return;
    }
    const { endpoint } = this;
    query.from(from);
    if (wildcard) {
      query.controlOctets = copyReturnControl(
        inbox.controls[index],
        inbox.controlOctets(index),
        query.control,
      );
    }
    query.transport = 'udp';
    query.replyLimit = endpoint.udpPayload;
    if (accepted !== ACCEPTED) {
      this.counters.refused.value++;
      outbox.put(query, writeRefusal(query, outbox.next(fd)));
      return;
    }
    stamp(query, endpoint, this.address, this.port, this.readMs);
    const pending = endpoint.handler.ask(query);
    if (!(pending instanceof Promise)) {
      this.reply(query, pending);
      return;
    }
    query.detach();
    this.spare = this.spares.pop() ?? new BatchQuery();
    this.inFlight++;
    void settle(pending, UdpBatchListener.answered, this, query);
  }

  private static answered(this: void, self: UdpBatchListener, query: Query, outcome: Outcome): Outcome {
    if (query instanceof BatchQuery) self.replyLater(query, outcome);
    return outcome;
  }

  private replyLater(query: BatchQuery, outcome: Outcome): void {
    this.inFlight--;
    if (this.closed) return;
    try {
      this.reply(query, outcome);
    } catch (error) {
      this.counters.bug(error);
    }
    this.tools.outbox.flushSoon();
    if (this.spares.length < MOST_SPARES) this.spares.push(query);
  }

  private reply(query: BatchQuery, outcome: Outcome): void {
    if (outcome.kind === DROP) return;
    const { outbox } = this.tools;
    outbox.put(query, render(query, outcome, outbox.next(this.socket.fd)));
  }
}
