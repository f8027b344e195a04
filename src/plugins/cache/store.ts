/**
 * The two stores of one `cache` directive: positive answers, and denials with failures. Bounded by count, least recently used leaves
 * first. It outlives a reload of the Corefile where the directive stays the same, so it knows nothing of chains.
 */
import { LRUCache } from 'lru-cache';
import type { CacheEntry } from './entry.ts';

export class CacheStore {
  readonly success: LRUCache<string, CacheEntry>;
  readonly denial: LRUCache<string, CacheEntry>;

  constructor(successCapacity: number, denialCapacity: number) {
    this.success = new LRUCache({ max: successCapacity });
    this.denial = new LRUCache({ max: denialCapacity });
  }
}
