/** What stands in the chain of a server block: handlers, each holding the next one. */
import type { Pending } from './outcome.ts';
import type { Query } from './query.ts';

export interface Handler {
  /** The plugin's name, as in the Corefile. */
  readonly name: string;
  /**
   * Answers, or passes on to the next handler. Does not throw and does not reject for anything that came from the network; a bug that
   * does costs this one query (`serve` turns it into SERVFAIL, counted and logged).
   */
  ask(query: Query): Pending;
}
