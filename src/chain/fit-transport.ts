/** An answer that was waited for on behalf of several clients, of UDP and of TCP, as it is of use to one of them. */
import { EDE_NETWORK_ERROR, SERVFAIL } from '../wire/registry.ts';
import { Failure, REPLY } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Query } from './query.ts';

/** A truncated answer is of use over UDP only: it says to come back over TCP, and a client on TCP is there already. */
export function fitTransport(query: Query, outcome: Outcome): Outcome {
  if (outcome.kind !== REPLY || !outcome.truncated || query.transport === 'udp') return outcome;
  return new Failure(SERVFAIL, 'upstream gave a truncated answer only', outcome.source, {
    code: EDE_NETWORK_ERROR,
    text: 'upstream gave a truncated answer only',
  });
}
