/** The one helper by which a handler works both ways: at once when the outcome is there, later when it is a promise. */
import type { Outcome, Pending } from './outcome.ts';
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
  // What makes closures stands elsewhere: V8 would make room for what they take along here, at every call (64 octets).
  return pending instanceof Promise
    ? settleLater(pending, finish, self, query, rescue)
    : finish(self, query, pending);
}

function settleLater<Self>(
  pending: Promise<Outcome>,
  finish: Finish<Self>,
  self: Self,
  query: Query,
  rescue: Rescue<Self> | undefined,
): Pending {
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
