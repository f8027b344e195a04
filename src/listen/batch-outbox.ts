/**
 * Answers on their way out: collected in send buffers, and sent together by one system call when the batch is full, when the queries that
 * were received together are done, or at the end of the event loop's turn. One outbox serves all sockets of the process, one socket at a
 * time.
 */
import type { Counter } from '../observe/metric-types.ts';
import { BATCH_SIZE, BatchMemory } from '../datagram/batch-memory.ts';
import type { BatchQuery } from './batch-query.ts';
import type { Libc } from '../datagram/libc.ts';

const MSG_DONTWAIT = 0x40;
const EINTR = 4;

export class BatchOutbox {
  private readonly libc: Libc;
  private readonly memory: BatchMemory;
  private readonly sendErrors: Counter;
  private fd = -1;
  private count = 0;
  private flushing: NodeJS.Immediate | undefined;

  constructor(libc: Libc, sendErrors: Counter) {
    this.libc = libc;
    this.memory = new BatchMemory((octets) => libc.addressOf(octets));
    this.sendErrors = sendErrors;
  }

  /** Where the next answer of this socket is to be written, before `put`. */
  next(fd: number): Uint8Array {
    if (this.fd !== fd) {
      this.flush();
      this.fd = fd;
    }
    return this.memory.buffers[this.count];
  }

  /** Queues the `octets` that were written to `next` as the answer to `query`. */
  put(query: BatchQuery, octets: number): void {
    const { memory, count } = this;
    const to = memory.addresses[count];
    const { returnAddress, returnOctets, controlOctets } = query;
    for (let i = 0; i < returnOctets; i++) to[i] = returnAddress[i];
    memory.setAddressOctets(count, returnOctets);
    if (controlOctets > 0) memory.controls[count].set(query.control);
    memory.setControlOctets(count, controlOctets);
    memory.setMessageOctets(count, octets);
    this.count++;
    if (this.count === BATCH_SIZE) this.flush();
  }

  /** Makes sure that what is queued leaves in this turn of the event loop. */
  flushSoon(): void {
    this.flushing ??= setImmediate(() => {
      this.flushing = undefined;
      this.flush();
    });
  }

  /** Sends what is queued. What the system refuses is counted and left: datagrams may be lost, and clients ask again. */
  flush(): void {
    let sent = 0;
    while (sent < this.count) {
      const taken = this.libc.sendmmsg(
        this.fd,
        this.memory.vectorFrom(sent),
        this.count - sent,
        MSG_DONTWAIT,
      );
      if (taken > 0) sent += taken;
      else if (this.libc.errno() !== EINTR) {
        // The first of the rest is the one that was refused.
        this.sendErrors.value++;
        sent++;
      }
    }
    this.count = 0;
  }
}
