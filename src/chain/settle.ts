/** The one helper by which a handler works both ways: at once when the outcome is there, later when it is a promise. */
import type { Pending } from './outcome.ts';
import type { Rescue, Finish, Query } from './query.ts';

/**
 * Calls `finish(self, query, outcome)` when the outcome is there. Handlers pass a static function and themselves, so that an answer that
 * is ready makes no closure. The promise that comes back may be the one that was given, with one more step before it settles: who wants
 * to know what the promise comes to here, and not further out, asks by this function too.
 *
 * @param rescue is called when the promise rejects or `finish` throws, which takes a bug
 */
export function settle<Self>(
  pending: Pending,
  finish: Finish<Self>,
  self: Self,
  query: Query,
  rescue?: Rescue<Self>,
): Pending {
  if (!(pending instanceof Promise)) return finish(self, query, pending);
  const { waiting } = query;
  if (waiting?.promise === pending) {
    waiting.add(finish, self, rescue);
    return pending;
  }
  const done = pending.then((outcome) => finish(self, query, outcome));
  if (rescue === undefined) return done;
  return done.catch((error: unknown) => {
    const outcome = rescue(self, query, error);
    if (outcome === undefined) throw error;
    return outcome;
  });
}
