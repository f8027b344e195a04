/**
 * Datagrams on their way out of connected sockets, collected in send buffers: what leaves by one socket in a row leaves by one system call,
 * at the end of the event loop's turn at the latest. Those of one length stand behind each other and leave as one message, where the
 * kernel can cut it into datagrams behind its routes and its firewall (`send-batch.ts` says why; questions of one length are common: A and
 * AAAA of a name, names of one kind).
 */
import { BATCH_SIZE, BatchMemory, DATAGRAM_OCTETS } from './batch-memory.ts';
import type { Libc } from './libc.ts';
import { MAX_SEGMENTS, MAX_SEGMENT_OCTETS } from './segment-plan.ts';
import {
  SEGMENT_CONTROL_OCTETS,
  cannotCut,
  layOutSegmentControl,
  writeSegmentSize,
} from './segment-control.ts';

const MSG_DONTWAIT = 0x40;
const EINTR = 4;

export interface Sender {
  readonly fd: number;
  /** The system did not take this datagram. */
  sendFailed(datagram: Uint8Array, errno: number): void;
}

/** What it takes of the C library. */
export type OutboxCalls = Pick<Libc, 'addressOf' | 'sendmmsg' | 'errno'>;

/** Datagrams that leave as one message; an object for each send buffer, used again and again. */
class Message {
  readonly datagrams: Uint8Array[] = [];
  /** Octets of each datagram. */
  size = 0;
}

export class ConnectedOutbox {
  /** Counts the turns of the event loop in which something left. */
  turn = 0;
  private readonly libc: OutboxCalls;
  private readonly onBug: (error: unknown) => void;
  private readonly memory: BatchMemory;
  private readonly messages: readonly Message[] = Array.from({ length: BATCH_SIZE }, () => new Message());
  private count = 0;
  private joins: boolean;
  private sender: Sender | undefined;
  private isScheduled = false;
  private readonly endOfTurn = (): void => {
    this.isScheduled = false;
    this.turn++;
    try {
      this.flush();
    } catch (error) {
      this.onBug(error);
    }
  };

  /** @param joins whether the kernel takes several datagrams as one message (`cutsSegments`) */
  constructor(libc: OutboxCalls, joins: boolean, onBug: (error: unknown) => void) {
    this.libc = libc;
    this.joins = joins;
    this.onBug = onBug;
    this.memory = new BatchMemory((octets) => libc.addressOf(octets));
    for (let index = 0; index < BATCH_SIZE; index++) {
      // Connected sockets know where to.
      this.memory.setAddressOctets(index, 0);
      layOutSegmentControl(this.memory.controls[index]);
    }
  }

  /** @param datagram of at most DATAGRAM_OCTETS octets. */
  put(sender: Sender, datagram: Uint8Array): void {
    if (this.sender !== sender) this.flush();
    let index = this.indexFor(datagram.length);
    if (index === BATCH_SIZE) {
      this.flush();
      index = 0;
    }
    this.sender = sender;
    if (index === this.count) this.count++;
    const { datagrams } = this.messages[index];
    this.messages[index].size = datagram.length;
    this.memory.buffers[index].set(datagram, datagrams.length * datagram.length);
    datagrams.push(datagram);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.endOfTurn);
  }

  /** Leaves what waits for this sender unsent: nobody waits for a reply by a socket that is about to be closed. */
  drop(sender: Sender): void {
    if (this.sender === sender) this.clear();
  }

  /** The message that a datagram of this length joins, or the next free one. */
  private indexFor(octets: number): number {
    if (!this.joins || octets > MAX_SEGMENT_OCTETS) return this.count;
    for (let index = 0; index < this.count; index++) {
      const { size, datagrams } = this.messages[index];
      const room = Math.min(MAX_SEGMENTS, Math.floor(DATAGRAM_OCTETS / octets));
      if (size === octets && datagrams.length < room) return index;
    }
    return this.count;
  }

  private clear(): void {
    for (let index = 0; index < this.count; index++) this.messages[index].datagrams.length = 0;
    this.count = 0;
    this.sender = undefined;
  }

  private flush(): void {
    const { sender, count } = this;
    if (sender === undefined) return;
    this.layOut();
    const refused: { readonly datagrams: readonly Uint8Array[]; readonly errno: number }[] = [];
    for (let sent = 0; sent < count;) {
      const taken = this.libc.sendmmsg(sender.fd, this.memory.vectorFrom(sent), count - sent, MSG_DONTWAIT);
      if (taken > 0) {
        sent += taken;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === EINTR) continue;
      // The first of the rest is the one that was refused.
      refused.push({ datagrams: [...this.messages[sent++].datagrams], errno });
    }
    // Whoever is told of a failure may send again, by another socket.
    this.clear();
    for (const { datagrams, errno } of refused) this.refused(sender, datagrams, errno);
  }

  private layOut(): void {
    const { memory, messages, count } = this;
    for (let index = 0; index < count; index++) {
      const { size, datagrams } = messages[index];
      memory.setMessageOctets(index, size * datagrams.length);
      memory.setControlOctets(index, datagrams.length > 1 ? SEGMENT_CONTROL_OCTETS : 0);
      writeSegmentSize(memory.controls[index], size);
    }
  }

  /** The datagrams of a message that cannot be cut go one by one, as all do from now on. */
  private refused(sender: Sender, datagrams: readonly Uint8Array[], errno: number): void {
    if (datagrams.length > 1 && cannotCut(errno)) {
      this.joins = false;
      for (const datagram of datagrams) this.put(sender, datagram);
      return;
    }
    for (const datagram of datagrams) sender.sendFailed(datagram, errno);
  }
}
