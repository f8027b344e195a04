/**
 * Gives IPv6 clients addresses for names that have IPv4 ones only (RFC 6147): where a question for AAAA has no answer, the same name is asked
 * for A, and each address is put into the prefix of a NAT64 gateway.
 */
import type { IpNetwork } from '../../base/ip-network.ts';
import { effectiveTtl, withEffectiveTtls } from '../../chain/effective-ttls.ts';
import type { Handler } from '../../chain/handler.ts';
import { PerServer } from '../../chain/identity.ts';
import { REPLY, Reply } from '../../chain/outcome.ts';
import type { Outcome, Pending } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import type { Query } from '../../chain/query.ts';
import { settle } from '../../chain/settle.ts';
import type { Counter } from '../../observe/metric-types.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { QR, SECTION_ANSWER, SECTION_AUTHORITY, TC } from '../../wire/header.ts';
import { MALFORMED, expandName } from '../../wire/name.ts';
import { RECORD, RecordWalk, nameScratch } from '../../wire/records.ts';
import { CLASS_IN, NXDOMAIN, TYPE_A, TYPE_AAAA, TYPE_SOA } from '../../wire/registry.ts';
import { embed } from './prefix.ts';

const NAME = 'dns64';
/** For a denial without an SOA (RFC 6147 section 5.1.7). */
const DEFAULT_TTL_SECONDS = 600;

export interface Dns64Options {
  readonly prefix: IpNetwork;
  /** Also where the name has AAAA records. */
  readonly translateAll: boolean;
  /** Also for clients that ask over IPv4. */
  readonly allowIpv4: boolean;
}

export class Dns64Handler implements Handler {
  readonly name = NAME;
  private readonly next: Handler;
  private readonly options: Dns64Options;
  private readonly resolve: SetupContext['resolve'];
  private readonly translated: PerServer<Counter>;

  constructor(next: Handler, options: Dns64Options, context: SetupContext) {
    const family = context.metrics.counter(
      'coredns_dns64_requests_translated_total',
      'Questions for AAAA that were answered from A records.',
      ['server'],
    );
    this.next = next;
    this.options = options;
    this.resolve = (query, question) => context.resolve(query, question);
    this.translated = new PerServer((label) => family.with(label));
  }

  ask(query: Query): Pending {
    if (query.type !== TYPE_AAAA || !this.isFor(query)) return this.next.ask(query);
    return settle(this.next.ask(query), Dns64Handler.look, this, query);
  }

  private isFor(query: Query): boolean {
    if (query.class !== CLASS_IN || (!query.clientIsIpv6 && !this.options.allowIpv4)) return false;
    // Who checks signatures by itself would find ours wrong (RFC 6147 section 5.5, item 3).
    return !(query.dnssecOk && query.checkingDisabled);
  }

  private static look(this: void, self: Dns64Handler, query: Query, outcome: Outcome): Pending {
    // Of a name that does not exist nothing is made; another error counts as no answer (RFC 6147 section 5.1.2).
    if (outcome.kind !== REPLY || outcome.rcode === NXDOMAIN) return outcome;
    const found = lookAt(outcome);
    if (found.hasAaaa && !self.options.translateAll) return outcome;
    return self.translate(query, found.ttlSeconds);
  }

  private async translate(query: Query, mostSeconds: number): Promise<Outcome> {
    const answer = await this.resolve(query, { name: query.nameAsAsked, type: TYPE_A, class: CLASS_IN });
    if (answer.kind !== REPLY) return answer;
    this.translated.of(query.server).value++;
    return synthesize(query, answer, this.options.prefix, mostSeconds);
  }
}

/** Whether the answer has an address, and the TTL that the absence of one gives: that of the SOA. */
function lookAt(reply: Reply): { hasAaaa: boolean; ttlSeconds: number } {
  const walk = new RecordWalk();
  let hasAaaa = false;
  let ttlSeconds = DEFAULT_TTL_SECONDS;
  if (walk.start(reply.message, reply.length)) {
    while (walk.next() === RECORD) {
      if (walk.section === SECTION_ANSWER && walk.type === TYPE_AAAA) hasAaaa = true;
      if (walk.section === SECTION_AUTHORITY && walk.type === TYPE_SOA) {
        ttlSeconds = effectiveTtl(reply, walk.ttlSeconds);
      }
    }
  }
  return { hasAaaa, ttlSeconds };
}

/** The answer about A as one about AAAA: its rcode and all other records stay (RFC 6147 sections 5.3.2 and 5.3.3). */
function synthesize(query: Query, answer: Reply, prefix: IpNetwork, mostSeconds: number): Reply {
  const message = withEffectiveTtls(answer);
  const builder = new MessageBuilder(
    QR | (answer.truncated ? TC : 0) | (answer.rcode & 0xf),
    message.length * 2,
  );
  builder.question(query.nameAsAsked, TYPE_AAAA, CLASS_IN);
  const walk = new RecordWalk();
  const owner = nameScratch();
  if (walk.start(message, message.length)) {
    while (walk.next() === RECORD) {
      if (walk.section !== SECTION_ANSWER || walk.type !== TYPE_A || walk.rdataLength !== 4) {
        builder.copyRecord(walk.section, walk);
        continue;
      }
      const octets = expandName(message, walk.ownerOffset, message.length, owner, 0);
      if (octets === MALFORMED) continue;
      const ttlSeconds = Math.min(walk.ttlSeconds, mostSeconds);
      const address = embed(prefix, message, walk.rdataOffset);
      builder.record(SECTION_ANSWER, owner.subarray(0, octets), TYPE_AAAA, walk.class, ttlSeconds, address);
    }
  }
  const reply = new Reply(builder.finish(), NAME);
  reply.rcode = answer.rcode;
  reply.extendedError = answer.extendedError;
  return reply;
}
