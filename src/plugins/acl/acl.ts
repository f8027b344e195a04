/**
 * Lets queries through, or not, by who asks and for what. Lines of the Corefile are tried in their order; in each the first policy that is
 * about the query decides, and without any the next line is tried. Whom no line is about is let through.
 */
import { clientOctets } from '../../chain/client-octets.ts';
import type { Handler } from '../../chain/handler.ts';
import type { Zone } from '../../chain/identity.ts';
import { Reply, SILENCE } from '../../chain/outcome.ts';
import type { Pending } from '../../chain/outcome.ts';
import type { Query } from '../../chain/query.ts';
import { matchZone } from '../../chain/zones.ts';
import { HEADER_OCTETS, QR, SECTION_QUESTION, writeCount, writeFlags } from '../../wire/header.ts';
import { EDE_BLOCKED, EDE_FILTERED, NOERROR, REFUSED } from '../../wire/registry.ts';
import type { AclMetrics } from './metrics.ts';
import { judge } from './policy.ts';
import type { Action, Policy } from './policy.ts';

const NAME = 'acl';
const NO_TTLS = new Uint16Array(0);
const BLOCKED = { code: EDE_BLOCKED, text: '' };
const FILTERED = { code: EDE_FILTERED, text: '' };

/** One `acl` line. */
export interface AclRule {
  readonly zones: readonly Zone[];
  readonly policies: readonly Policy[];
}

export class AclHandler implements Handler {
  readonly name = NAME;
  private readonly next: Handler;
  private readonly rules: readonly AclRule[];
  private readonly metrics: AclMetrics;

  constructor(next: Handler, rules: readonly AclRule[], metrics: AclMetrics) {
    this.next = next;
    this.rules = rules;
    this.metrics = metrics;
  }

  ask(query: Query): Pending {
    let client: Uint8Array | undefined;
    for (const { zones, policies } of this.rules) {
      const zone = matchZone(zones, query.foldedName, query.nameLength);
      if (zone === undefined) continue;
      client ??= clientOctets(query);
      const action = judge(policies, query.type, client);
      if (action === 'allow') break;
      if (action !== undefined) return this.refuse(query, zone, action);
    }
    this.metrics.countAllowed(query);
    return this.next.ask(query);
  }

  private refuse(query: Query, zone: Zone, action: Exclude<Action, 'allow'>): Pending {
    this.metrics.countRefused(query, zone, action);
    if (action === 'drop') return SILENCE;
    const reply = emptyReply(query, action === 'block' ? REFUSED : NOERROR);
    reply.extendedError = action === 'block' ? BLOCKED : FILTERED;
    return reply;
  }
}

/** An answer of the operator's choice and no failure: nobody logs it as an error. */
function emptyReply(query: Query, rcode: number): Reply {
  const end = HEADER_OCTETS + query.questionLength;
  const message = new Uint8Array(end);
  for (let i = HEADER_OCTETS; i < end; i++) message[i] = query.message[i];
  writeFlags(message, QR | rcode);
  writeCount(message, SECTION_QUESTION, 1);
  return new Reply(message, NAME, NO_TTLS);
}
