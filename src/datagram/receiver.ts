/** Datagrams of one socket, received up to 64 at a time into memory that other sockets of the process use as well. */
import { BATCH_SIZE, CONTROL_OCTETS } from './batch-memory.ts';
import type { BatchMemory } from './batch-memory.ts';
import type { DatagramSocket } from './datagram-socket.ts';
import type { Libc } from './libc.ts';
import { Seldom } from './seldom.ts';
import { MAX_ADDRESS_OCTETS } from './socket-address.ts';
import type { Arrival } from './stand-in.ts';

const MSG_DONTWAIT = 0x40;
/** Datagrams that are taken one at a time until it is looked whether others have come with one. */
const MOST_SINGLE = 7;

export class Receiver {
  /** The machine's address of the first `msghdr`, for who receives one datagram in our place. */
  readonly message: number;
  private readonly libc: Pick<Libc, 'recvmmsg'>;
  private readonly inbox: BatchMemory;
  private readonly fd: number;
  private readonly controlRoom: number;
  private readonly seldom = new Seldom(MOST_SINGLE);

  constructor(libc: Pick<Libc, 'recvmmsg'>, inbox: BatchMemory, { fd, wildcard }: DatagramSocket) {
    this.libc = libc;
    this.inbox = inbox;
    this.message = inbox.vector;
    this.fd = fd;
    this.controlRoom = wildcard ? CONTROL_OCTETS : 0;
  }

  /** Says in the inbox how much room there is for where datagrams came from, and went to. */
  makeRoom(): void {
    this.inbox.makeRoom(MAX_ADDRESS_OCTETS, this.controlRoom);
  }

  /**
   * Receives what has come.
   *
   * @param arrival what is in the inbox already
   * @returns how many datagrams the inbox holds, or -1
   */
  receive(arrival?: Arrival): number {
    const count = arrival === undefined ? this.receiveAll() : this.receiveWith(arrival);
    this.inbox.received = Math.max(0, count);
    return count;
  }

  private receiveAll(): number {
    this.makeRoom();
    return this.libc.recvmmsg(this.fd, this.inbox.vector, BATCH_SIZE, MSG_DONTWAIT);
  }

  private receiveWith({ octets }: Arrival): number {
    const { inbox, seldom } = this;
    inbox.setReceivedOctets(0, octets);
    if (!seldom.isDue()) return 1;
    const more = this.libc.recvmmsg(this.fd, inbox.vectorFrom(1), BATCH_SIZE - 1, MSG_DONTWAIT);
    seldom.wasWorthIt(more > 0);
    return 1 + Math.max(0, more);
  }
}
