/**
 * Channels by the C library's own calls. What comes is read up to 64 datagrams at a time into buffers that all channels share; what goes
 * out waits for the end of the event loop's turn, and what leaves by the same socket leaves by one call.
 */
import { BATCH_SIZE, BatchMemory } from './batch-memory.ts';
import { openConnectedSocket } from './connected-socket.ts';
import type { ConnectedSocket, Peer } from './connected-socket.ts';
import type { Libc } from './libc.ts';
import { cutsSegments } from './segment-control.ts';
import { systemError } from './system-error.ts';
import { ConnectedOutbox } from './connected-outbox.ts';
import type { Sender } from './connected-outbox.ts';
import type { ChannelEvents, DatagramChannel, DatagramChannels } from './channels.ts';

const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
const EINTR = 4;
/** The longest datagram that there is: replies may be longer than what was advertised. */
const MAX_DATAGRAM_OCTETS = 65_536;
/**
 * Datagrams of one turn that leave by one socket. Their replies mostly come back together, so that what a socket's wake-up costs is shared,
 * and those of one length leave as one message. With 64 no gain beside 16 was seen, and fewer ports are in use at a time.
 */
const GROUP = 16;

/**
 * Datagrams taken in one turn of the event loop where others wait for it, of all channels together: some 0.05 ms of work. An upstream that
 * was away for a moment answers all at once; what is left in its sockets wakes us again, after whoever else is to be heard.
 */
export const MOST_PER_SHARED_TURN = 4;

export class BatchChannels implements DatagramChannels {
  readonly group = GROUP;
  readonly libc: Libc;
  readonly inbox: BatchMemory;
  readonly outbox: ConnectedOutbox;
  readonly onBug: (error: unknown) => void;
  private isSharing = (): boolean => false;
  /** Of this turn, where it is shared: undefined until something was read. */
  private left: number | undefined;
  private readonly nextTurn = (): void => {
    this.left = undefined;
  };

  /** @param onBug is told what was thrown where nobody could have caught it. */
  constructor(libc: Libc, onBug: (error: unknown) => void) {
    this.libc = libc;
    this.onBug = onBug;
    this.inbox = new BatchMemory((octets) => libc.addressOf(octets), MAX_DATAGRAM_OCTETS);
    this.outbox = new ConnectedOutbox(libc, cutsSegments(libc), onBug);
    // The peer is known, and nothing else is wanted.
    for (let index = 0; index < BATCH_SIZE; index++) this.inbox.setAddressOctets(index, 0);
  }

  get turn(): number {
    return this.outbox.turn;
  }

  shareTurns(isSharing: () => boolean): void {
    this.isSharing = isSharing;
  }

  /** Reads what has come to this socket into `inbox`, as far as the turn allows. @returns how many datagrams, or -1 */
  receive(fd: number): number {
    if (!this.isSharing()) return this.libc.recvmmsg(fd, this.inbox.vector, BATCH_SIZE, MSG_DONTWAIT);
    if (this.left === undefined) {
      this.left = MOST_PER_SHARED_TURN;
      setImmediate(this.nextTurn);
    }
    if (this.left === 0) return 0;
    const count = this.libc.recvmmsg(fd, this.inbox.vector, this.left, MSG_DONTWAIT);
    this.left -= Math.max(0, count);
    return count;
  }

  open(peer: Peer, events: ChannelEvents): DatagramChannel {
    let socket: ConnectedSocket;
    try {
      socket = openConnectedSocket(this.libc, peer);
    } catch (error) {
      return new FailedChannel(error, events);
    }
    const channel = new BatchChannel(socket, this, events);
    events.opened(socket.localAddress, socket.localPort);
    return channel;
  }
}

class FailedChannel implements DatagramChannel {
  private isClosed = false;

  constructor(error: unknown, events: ChannelEvents) {
    const reason = error instanceof Error ? error : new Error(String(error));
    queueMicrotask(() => {
      if (!this.isClosed) events.failed(reason, 'dial');
    });
  }

  send(): void {
    // Nobody was told that it is open.
  }

  close(): void {
    this.isClosed = true;
  }
}

class BatchChannel implements DatagramChannel, Sender {
  readonly fd: number;
  private readonly channels: BatchChannels;
  private readonly events: ChannelEvents;
  private readonly poll: { close(): void };
  private isClosed = false;

  constructor(socket: ConnectedSocket, channels: BatchChannels, events: ChannelEvents) {
    this.fd = socket.fd;
    this.channels = channels;
    this.events = events;
    this.poll = channels.libc.poll(socket.fd, () => this.readable());
  }

  send(message: Uint8Array): void {
    this.channels.outbox.put(this, message);
  }

  sendFailed(message: Uint8Array, errno: number): void {
    if (this.isClosed) return;
    const error = systemError(errno, 'send');
    // A refusal tells of datagrams sent before this one.
    if (error.code === 'ECONNREFUSED') this.fail(error, 'write');
    else this.events.sendFailed(message, error);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.channels.outbox.drop(this);
    this.poll.close();
    this.channels.libc.close(this.fd);
  }

  /** The network's way in. What would be thrown from here would vanish without a word. */
  private readable(): void {
    try {
      // What is left after one batch wakes us again.
      if (!this.isClosed) this.readBatch();
    } catch (error) {
      this.channels.onBug(error);
    }
  }

  private readBatch(): void {
    const { libc, inbox } = this.channels;
    const count = this.channels.receive(this.fd);
    if (count < 0) {
      const errno = libc.errno();
      if (errno !== EAGAIN && errno !== EINTR) this.fail(systemError(errno, 'read'), 'read');
      return;
    }
    // The last reply may close this channel.
    for (let index = 0; index < count && !this.isClosed; index++) {
      this.events.received(inbox.buffers[index].subarray(0, inbox.receivedOctets(index)));
    }
  }

  private fail(error: Error, during: 'read' | 'write'): void {
    this.close();
    this.events.failed(error, during);
  }
}
