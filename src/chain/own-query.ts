/**
 * A query of our own with the question of a client's: for work that goes on when the client has its answer and its `Query` serves another
 * one. What is behind it is asked as it would be for that client.
 */
import { Query } from './query.ts';

/** To be made while the query waits for its outcome, or before. Keeps nothing of it. */
export function ownQuery(query: Query): Query {
  const own = new Query();
  // Not `slice`: that of a Buffer shares its octets.
  own.read(new Uint8Array(query.message.subarray(0, query.length)), query.length);
  own.transport = query.transport;
  own.clientAddress = query.clientAddress;
  own.clientPort = query.clientPort;
  own.localAddress = query.localAddress;
  own.localPort = query.localPort;
  own.receivedMs = query.receivedMs;
  own.replyLimit = query.replyLimit;
  own.server = query.server;
  own.zone = query.zone;
  own.depth = query.depth;
  own.upstreamOptions = query.upstreamOptions;
  return own;
}
