/**
 * What the first process and the workers that it started tell each other, over Node's channel between processes (structured clones, so that
 * maps stay maps). Both ends are the same program in the same version: nothing here is negotiated.
 */
import type { ServerBlock } from '../corefile/parse.ts';
import type { FamilySnapshot } from '../observe/metrics.ts';

/** Marks a process as a worker and gives its number, from 1 on; the first process is 0 and has no such variable. */
export const WORKER_VARIABLE = 'NODELOCALDNS_WORKER';

export type ToWorker =
  /** Serve this configuration: the first one to begin with, each later one in place of the last. */
  | { readonly kind: 'configure'; readonly blocks: readonly ServerBlock[] }
  /** Give your numbers; also how it is seen that a worker reacts. */
  | { readonly kind: 'ask' }
  /** Answer what you were asked, then end. */
  | { readonly kind: 'stop'; readonly lameduck: boolean };

export type FromWorker =
  /** The configuration that came last serves. */
  | { readonly kind: 'serving' }
  /** A configuration could not be taken over; the worker ends by itself. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The answer to one `ask`, and the last word of one that ends. */
  | {
      readonly kind: 'numbers';
      readonly families: readonly FamilySnapshot[];
      /** Plugins that are not ready. */
      readonly notReady: readonly string[];
    };
