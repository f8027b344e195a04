/** From the octets that an upstream sent to a reply of ours: its OPT taken off, and long messages compressed so that they fit over UDP. */
import { Reply } from '../../chain/outcome.ts';
import { rebuildMessage, withoutOpt } from '../../wire/builder.ts';
import { MIN_UDP_PAYLOAD, isOpt, optExtendedRcode } from '../../wire/edns.ts';
import { rcodeOf, readFlags } from '../../wire/header.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';

/**
 * @param message sound, as an exchange gives it.
 * CoreDNS sends names over TCP without compression; an answer that could be cut for a client is laid out anew, a shorter one stays.
 */
export function replyFromUpstream(message: Uint8Array, source: string): Reply {
  const extendedRcode = extendedRcodeOf(message);
  const plain =
    message.length > MIN_UDP_PAYLOAD
      ? rebuildMessage(message, message.length)
      : withoutOpt(message, message.length);
  const reply = new Reply(plain, source);
  reply.rcode = extendedRcode | rcodeOf(readFlags(message));
  return reply;
}

/** The upper bits of the rcode that stand in the OPT (RFC 6891 section 6.1.3), in their place; 0 without an OPT. */
function extendedRcodeOf(message: Uint8Array): number {
  const walk = new RecordWalk();
  if (!walk.start(message, message.length)) return 0;
  while (walk.next() === RECORD) if (isOpt(walk)) return optExtendedRcode(walk);
  return 0;
}
