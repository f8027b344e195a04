/** A query of our own that stands between a client's query and its answer: what an answer is completed or made from. */
import { askMessage } from '../wire/ask-message.ts';
import type { Question } from '../wire/ask-message.ts';
import { Query } from './query.ts';

/** One lookup deeper than `query`, and otherwise as if its client had asked `question`. Keeps nothing of `query`. */
export function innerQuery(query: Query, question: Question): Query {
  const message = askMessage(question, {
    recursionDesired: true,
    checkingDisabled: query.checkingDisabled,
    dnssecOk: query.dnssecOk,
    edns: query.dnssecOk,
  });
  const inner = new Query();
  inner.read(message, message.length);
  inner.depth = query.depth + 1;
  // As a client of TCP: nothing is cut from what another answer is made of.
  inner.transport = 'tcp';
  inner.clientAddress = query.clientAddress;
  inner.clientPort = query.clientPort;
  inner.localAddress = query.localAddress;
  inner.localPort = query.localPort;
  inner.receivedMs = query.receivedMs;
  inner.server = query.server;
  inner.zone = query.zone;
  return inner;
}
