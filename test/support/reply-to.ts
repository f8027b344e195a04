/** Replies to queries as a handler gives them, from the words that a scripted upstream takes. */
import { Reply } from '../../src/chain/outcome.ts';
import type { Query } from '../../src/chain/query.ts';
import { className, typeName } from '../../src/wire/registry.ts';
import { nameToText } from '../../src/wire/name.ts';
import { replyMessage } from './scripted-reply.ts';
import type { ReplySpec } from './scripted-reply.ts';

/** @param spec as of an upstream; without an OPT, as replies within a chain are */
export function replyTo(query: Query, spec: ReplySpec = {}, source = 'test'): Reply {
  const asked = {
    name: nameToText(query.nameAsAsked),
    type: typeName(query.type),
    class: className(query.class),
    id: query.id,
    flags: query.flags,
    hasOpt: false,
    dnssecOk: query.dnssecOk,
    udpSize: query.udpSize,
    transport: query.transport,
    clientPort: query.clientPort,
    connection: 0,
    message: query.message,
  };
  return new Reply(replyMessage(asked, { opt: false, ...spec }), source);
}
