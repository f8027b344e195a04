/** The reply to a query as a promise, for those who ask seldom: one that waits costs a promise and its closures (see `exchange.ts`). */
import type { ExchangeError } from './exchange-error.ts';
import type { Asker } from './pending-query.ts';

export class PromisedReply implements Asker {
  /** Rejects with ExchangeError only. */
  readonly promise: Promise<Uint8Array>;
  readonly replied: (reply: Uint8Array) => void;
  readonly failed: (error: ExchangeError) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.promise = promise;
    this.replied = resolve;
    this.failed = reject;
  }
}
