/**
 * What one `cache` directive keeps: positive answers in one store, denials in the other, failures in a table of their own, so that none of
 * them costs an answer. A store knows the order in which its answers leave; their octets are in the memory that all caches share
 * (`cache-memory.ts`).
 */
import type { Counter } from '../../observe/metric-types.ts';
import type { EntryTable } from './entry-table.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import type { FailureTable } from './failure-table.ts';
import { UseOrder } from './use-order.ts';

export class Store {
  /** Unlike that of every other store of the process, before or after. */
  readonly number: number;
  /** Answers at most. */
  readonly capacity: number;
  readonly order: UseOrder;
  readonly expiry: ExpiryHeap;
  /** Octets of the shared memory that its answers take. */
  octets = 0;
  /** For how long answers are of use after they have expired: see `serve_stale`. */
  staleSeconds = 0;
  /** Set for good when no configuration uses it any more. */
  isClosed = false;
  /** Counts each answer that leaves to make room: the series of whoever kept the last one. */
  evictions: Counter = { value: 0 };

  constructor(number: number, capacity: number, table: EntryTable) {
    this.number = number;
    this.capacity = capacity;
    this.order = new UseOrder(table);
    this.expiry = new ExpiryHeap(table);
  }

  /** Answers in it, expired ones included. */
  get size(): number {
    return this.expiry.size;
  }
}

export interface CacheStores {
  /** Keeps equal questions to different caches apart. */
  readonly number: number;
  readonly success: Store;
  readonly denial: Store;
  readonly failures: FailureTable;
}
