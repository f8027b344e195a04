/**
 * Walks a client's search path for it. A client with `search a.example b.example` and `ndots:5` that wants `www.example.org` asks for
 * `www.example.org.a.example` first; where that does not exist, the rest of its walk is done here, and the first name that exists is given
 * to it at once, behind an alias:
 *
 *     www.example.org.a.example.  CNAME  www.example.org.
 *     www.example.org.            A      192.0.2.1
 *
 * When no name of the path exists, the client gets the answer to its own question and may walk by itself.
 */
import { withEffectiveTtls } from '../../chain/effective-ttls.ts';
import type { Handler } from '../../chain/handler.ts';
import { PerServer } from '../../chain/identity.ts';
import type { Zone } from '../../chain/identity.ts';
import { innerQuery } from '../../chain/inner-query.ts';
import { REPLY, Reply } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import { matchZone } from '../../chain/zones.ts';
import type { Counter } from '../../observe/metric-types.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { AA, HEADER_OCTETS, QR, SECTION_ANSWER, TC } from '../../wire/header.ts';
import { MAX_NAME_OCTETS, isWithin } from '../../wire/name.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';
import { hasQuestion } from '../../wire/same-question.ts';
import { NOERROR, NXDOMAIN, TYPE_A, TYPE_AAAA, TYPE_CNAME } from '../../wire/registry.ts';

const ROOT = Uint8Array.of(0);

export interface AutopathOptions {
  readonly zones: readonly Zone[];
  /** Domains of the search path, folded, in their order. */
  readonly search: readonly Uint8Array[];
}

export class AutopathHandler implements Handler {
  readonly name = 'autopath';
  private readonly next: Handler;
  private readonly zones: readonly Zone[];
  private readonly first: Uint8Array | undefined;
  /** What comes behind the first domain, in the end the root: the name as it is. */
  private readonly rest: readonly Uint8Array[];
  private readonly successes: PerServer<Counter>;

  constructor(next: Handler, { zones, search }: AutopathOptions, context: SetupContext) {
    const family = context.metrics.counter(
      'coredns_autopath_success_total',
      'Questions whose search path led to a name that exists.',
      ['server'],
    );
    this.next = next;
    this.zones = zones;
    [this.first, ...this.rest] = [...search, ROOT];
    if (search.length === 0) this.first = undefined;
    this.successes = new PerServer((label) => family.with(label));
  }

  ask(query: Query): Pending {
    if (query.type !== TYPE_A && query.type !== TYPE_AAAA) return this.next.ask(query);
    if (!this.isFor(query)) return this.next.ask(query);
    return settle(this.next.ask(query), AutopathHandler.look, this, query);
  }

  /** Names in the first domain only: with another one the walk is under way, and is the client's. */
  private isFor(query: Query): boolean {
    const { first, zones } = this;
    if (first === undefined || first.length >= query.nameLength) return false;
    if (matchZone(zones, query.foldedName, query.nameLength) === undefined) return false;
    return isWithin(query.foldedName.subarray(0, query.nameLength), first);
  }

  private static look(this: void, self: AutopathHandler, query: Query, outcome: Outcome): Pending {
    if (outcome.kind !== REPLY) return outcome;
    if (outcome.rcode === NXDOMAIN) return self.walk(query, outcome.kept(), 0);
    self.countIfFound(query, outcome);
    return outcome;
  }

  /** Asks for the name below each domain from `at` on. Waits only where somebody has to. */
  private walk(query: Query, own: Reply, at: number): Pending {
    const { rest, next } = this;
    for (let place = at; place < rest.length; place++) {
      const inner = this.queryBelow(query, rest[place]);
      if (inner === undefined) continue;
      const pending = next.ask(inner);
      if (pending instanceof Promise) {
        return pending.then(
          (outcome) => this.take(query, inner, outcome) ?? this.walk(query, own, place + 1),
        );
      }
      const taken = this.take(query, inner, pending);
      if (taken !== undefined) return taken;
    }
    return own;
  }

  /** What the client gets, or undefined when the name does not exist. What fails may exist: the client is told of the failure. */
  private take(query: Query, inner: Query, outcome: Outcome): Outcome | undefined {
    if (outcome.kind !== REPLY) return outcome;
    if (outcome.rcode === NXDOMAIN) return undefined;
    this.countIfFound(query, outcome);
    return renamed(query, inner, outcome);
  }

  private countIfFound(query: Query, { rcode }: Reply): void {
    if (rcode === NOERROR) this.successes.of(query.server).value++;
  }

  /** The client's query for its name with the first domain replaced; undefined when that is too long. */
  private queryBelow(query: Query, domain: Uint8Array): Query | undefined {
    const labels = query.nameAsAsked.subarray(0, query.nameLength - (this.first?.length ?? 0));
    if (labels.length + domain.length > MAX_NAME_OCTETS) return undefined;
    const name = new Uint8Array(labels.length + domain.length);
    name.set(labels);
    name.set(domain, labels.length);
    return innerQuery(query, { name, type: query.type, class: query.class });
  }
}

/** The answer to `inner` as one to the client's question: an alias from the name that was asked for to the one that was found. */
function renamed(query: Query, inner: Query, found: Reply): Reply {
  const message = withEffectiveTtls(found);
  // As on the way to any client, the question has the case in which it was asked: records point to it.
  if (isQuestionOf(inner, message)) message.set(inner.nameAsAsked, HEADER_OCTETS);
  const flags = (found.authoritative ? AA : 0) | (found.truncated ? TC : 0) | (found.rcode & 0xf);
  const builder = new MessageBuilder(QR | flags, message.length + MAX_NAME_OCTETS);
  builder.question(query.nameAsAsked, query.type, query.class);
  const walk = new RecordWalk();
  let isFirst = true;
  if (walk.start(message, message.length)) {
    while (walk.next() === RECORD) {
      if (isFirst && walk.section === SECTION_ANSWER) {
        const { nameAsAsked } = query;
        builder.record(
          SECTION_ANSWER,
          nameAsAsked,
          TYPE_CNAME,
          query.class,
          walk.ttlSeconds,
          inner.nameAsAsked,
        );
      }
      isFirst = false;
      builder.copyRecord(walk.section, walk);
    }
  }
  const reply = new Reply(builder.finish(), found.source);
  reply.rcode = found.rcode;
  reply.extendedError = found.extendedError;
  return reply;
}

const isQuestionOf = ({ foldedName, nameLength, type, class: klass }: Query, message: Uint8Array): boolean =>
  hasQuestion(message, message.length, foldedName, nameLength, type, klass);
