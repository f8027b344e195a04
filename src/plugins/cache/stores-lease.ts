/**
 * The stores of a `cache` directive across configurations: they stay as long as one uses them, and their memory is free for others when none
 * does.
 */
import type { CacheMemory } from './cache-memory.ts';
import type { CacheStores } from './store.ts';

export class StoresLease {
  readonly stores: CacheStores;
  private readonly memory: CacheMemory;
  /** Configurations that serve with them: the new one begins before the old one ends. */
  private users = 0;

  /** @param staleSeconds for how long answers are kept after they have expired */
  constructor(memory: CacheMemory, successCapacity: number, denialCapacity: number, staleSeconds: number) {
    this.memory = memory;
    this.stores = memory.makeStores(successCapacity, denialCapacity);
    this.stores.success.staleSeconds = staleSeconds;
    this.stores.denial.staleSeconds = staleSeconds;
  }

  begin(): void {
    this.users++;
  }

  end(): void {
    if (--this.users === 0) this.memory.close(this.stores);
  }
}
