/**
 * Answers on their way out: collected, and sent together by one system call when the batch is full, when the queries that were received
 * together are done, or at the end of the event loop's turn. One outbox serves all sockets of the process, one socket at a time.
 */
import { BATCH_SIZE } from '../datagram/batch-memory.ts';
import type { Libc } from '../datagram/libc.ts';
import { cutsSegments } from '../datagram/segment-control.ts';
import { SendBatch } from '../datagram/send-batch.ts';
import type { Counter } from '../observe/metric-types.ts';
import type { BatchQuery } from './batch-query.ts';

export class BatchOutbox {
  private readonly batch: SendBatch;
  private readonly sendErrors: Counter;
  private fd = -1;
  private flushing: NodeJS.Immediate | undefined;

  constructor(libc: Libc, sendErrors: Counter) {
    this.batch = new SendBatch(libc, cutsSegments(libc));
    this.sendErrors = sendErrors;
  }

  /** Where the next answer of this socket is to be written, before `put`. */
  next(fd: number): Uint8Array {
    if (this.fd !== fd) {
      this.flush();
      this.fd = fd;
    }
    return this.batch.buffer;
  }

  /** Queues the `octets` that were written to `next` as the answer to `query`. */
  put(query: BatchQuery, octets: number): void {
    const { batch } = this;
    batch.add(octets, query.returnAddress, query.returnOctets, query.control, query.controlOctets);
    if (batch.size === BATCH_SIZE) this.flush();
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
    if (this.batch.size > 0) this.sendErrors.value += this.batch.send(this.fd);
  }
}
