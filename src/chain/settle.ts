/** The one helper by which a handler works both ways: at once when the outcome is there, later when it is a promise. */
import type { Outcome, Pending } from './outcome.ts';
import type { Query } from './query.ts';

/**
 * Calls `finish(self, query, outcome)` when the outcome is there. Handlers pass a static function and themselves, so that an answer that
 * is ready makes no closure.
 */
export function settle<Self>(
  pending: Pending,
  finish: (self: Self, query: Query, outcome: Outcome) => Pending,
  self: Self,
  query: Query,
): Pending {
  if (pending instanceof Promise) return pending.then((outcome) => finish(self, query, outcome));
  return finish(self, query, pending);
}
