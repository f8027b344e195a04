/**
 * Answers on their way out: collected, and sent together by one system call when the batch is full, when the queries that were received
 * together are done, or at the end of the event loop's turn. One outbox serves all sockets of the process, one socket at a time.
 */
import { BATCH_SIZE } from '../datagram/batch-memory.ts';
import type { Libc } from '../datagram/libc.ts';
import { cutsSegments } from '../datagram/segment-control.ts';
import { SendBatch } from '../datagram/send-batch.ts';
import type { Arrival } from '../datagram/stand-in.ts';
import { systemError } from '../datagram/system-error.ts';
import type { BatchQuery } from './batch-query.ts';
import type { ListenCounters } from './counters.ts';

export class BatchOutbox {
  private readonly batch: SendBatch;
  private readonly counters: Pick<ListenCounters, 'sendFailed'>;
  private fd = -1;
  private flushing: NodeJS.Immediate | undefined;

  constructor(libc: Libc, counters: Pick<ListenCounters, 'sendFailed'>) {
    this.batch = new SendBatch(libc, cutsSegments(libc));
    this.counters = counters;
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

  /**
   * Sends what is queued. What the system refuses is counted and left: datagrams may be lost, and clients ask again.
   * @param arrival which a single datagram is left to
   */
  flush(arrival?: Arrival): void {
    const { batch } = this;
    if (batch.size === 0) return;
    const refused = arrival === undefined ? batch.send(this.fd) : batch.sendBy(arrival, this.fd);
    if (refused > 0)
      this.counters.sendFailed(refused, systemError(batch.errno, 'sendmmsg').code ?? 'UNKNOWN');
  }
}
