/** A query that waits for an answer and that nobody has asked: for what keeps queries by their ids. */
import { Deadlines } from '../../src/base/deadlines.ts';
import { PendingQuery } from '../../src/upstream/pending-query.ts';

const nobody = { replied: () => undefined, failed: () => undefined };

export function queryWithId(id: number): PendingQuery {
  const deadlines = new Deadlines({ nowMs: () => 0 });
  const query = new PendingQuery(new Uint8Array(17), 1, Infinity, deadlines, false, nobody);
  query.id = id;
  return query;
}
