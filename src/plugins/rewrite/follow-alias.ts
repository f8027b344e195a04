/**
 * What `cname` rules do: the first alias of an answer that a rule is about points to its new target, and instead of what stood behind it
 * comes what this server says of that target. Records in front of the alias stay.
 */
import { withEffectiveTtls } from '../../chain/effective-ttls.ts';
import { FAILURE, REPLY, Reply } from '../../chain/outcome.ts';
import type { Outcome } from '../../chain/outcome.ts';
import type { SetupContext } from '../../chain/plugin.ts';
import { MessageBuilder } from '../../wire/builder.ts';
import { SECTION_ANSWER, TC, readFlags, writeFlags } from '../../wire/header.ts';
import { MALFORMED, expandName } from '../../wire/name.ts';
import { RECORD, RecordWalk, nameScratch } from '../../wire/records.ts';
import { TYPE_CNAME } from '../../wire/registry.ts';
import { MutableName } from './mutable-name.ts';
import { invalidName } from './revert.ts';
import type { RewrittenQuery } from './rewritten-query.ts';

/** An alias that goes somewhere else now. */
export interface NewAlias {
  /** How many records of the answer section stand in front of it. */
  readonly place: number;
  readonly target: MutableName;
}

/** The first alias that a rule is about; undefined without any, as for most answers. */
export function findAlias(query: RewrittenQuery, reply: Reply): NewAlias | undefined {
  const walk = new RecordWalk();
  if (!walk.start(reply.message, reply.length)) return undefined;
  for (let place = 0; walk.next() === RECORD && walk.section === SECTION_ANSWER; place++) {
    if (walk.type !== TYPE_CNAME) continue;
    const target = new MutableName();
    const octets = expandName(walk.message, walk.rdataOffset, walk.end, target.octets, 0);
    if (octets === MALFORMED) return undefined;
    target.loaded(octets);
    if (query.steps.some((step) => step.alias(target))) return { place, target };
  }
  return undefined;
}

/**
 * The answer to the rewritten question with the alias followed anew.
 *
 * @param reply octets of its own (`kept`)
 * @returns what the look-up came to where it is no reply, since an alias without what it points to would say that there is nothing
 */
export async function followAlias(
  query: RewrittenQuery,
  reply: Reply,
  alias: NewAlias,
  resolve: SetupContext['resolve'],
): Promise<Outcome> {
  const { place, target } = alias;
  if (target.invalid !== undefined) return invalidName(target.invalid);
  const { client } = query;
  // Who asks for the alias itself wants nothing of its target.
  if (query.type === TYPE_CNAME) return joined(query, reply, place, target, undefined);
  const question = { name: target.view(), type: client.type, class: client.class };
  const found = await resolve(client, question);
  if (found.kind === REPLY) return joined(query, reply, place, target, found);
  return found.kind === FAILURE ? found : reply;
}

function joined(
  query: RewrittenQuery,
  reply: Reply,
  place: number,
  target: MutableName,
  found: Reply | undefined,
): Reply {
  const builder = new MessageBuilder(readFlags(reply.message), reply.length);
  builder.question(query.foldedName.subarray(0, query.nameLength), query.type, query.class);
  const walk = walkOf(reply);
  for (let i = 0; i < place; i++) {
    walk.next();
    builder.copyRecord(SECTION_ANSWER, walk);
  }
  walk.next();
  const owner = nameScratch();
  const ownerOctets = expandName(walk.message, walk.ownerOffset, walk.end, owner, 0);
  const name = owner.subarray(0, Math.max(1, ownerOctets));
  builder.record(SECTION_ANSWER, name, TYPE_CNAME, walk.class, walk.ttlSeconds, target.view());
  if (found !== undefined) {
    const rest = walkOf(found);
    while (rest.next() === RECORD) builder.copyRecord(rest.section, rest);
  }
  const message = builder.finish();
  if (found?.truncated === true || reply.truncated) writeFlags(message, readFlags(message) | TC);
  const told = new Reply(message, reply.source);
  told.rcode = found?.rcode ?? reply.rcode;
  told.authoritative = reply.authoritative;
  told.extendedError = found?.extendedError ?? reply.extendedError;
  told.authenticData = false;
  return told;
}

/** Over the records with the TTLs that a client would see. */
function walkOf(reply: Reply): RecordWalk {
  const message = withEffectiveTtls(reply);
  const walk = new RecordWalk();
  walk.start(message, message.length);
  return walk;
}
