/** From the octets that an upstream sent to a reply of ours: its OPT taken off, and long messages compressed so that they fit over UDP. */
import { Reply } from '../../chain/outcome.ts';
import { withoutOpt as copyWithoutOpt, rebuildMessage } from '../../wire/builder.ts';
import { MIN_UDP_PAYLOAD, isOpt, optExtendedRcode } from '../../wire/edns.ts';
import { SECTION_ADDITIONAL, rcodeOf, readCount, readFlags, writeCount } from '../../wire/header.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';

/**
 * @param message sound, as an exchange gives it; its octets are the reply's from now on.
 * CoreDNS sends names over TCP without compression; an answer that could be cut for a client is laid out anew, a shorter one stays.
 */
export function replyFromUpstream(message: Uint8Array, source: string): Reply {
  const opt = optOf(message);
  const rcode = (opt === undefined ? 0 : optExtendedRcode(opt)) | rcodeOf(readFlags(message));
  const reply = new Reply(withoutOpt(message, opt), source);
  reply.rcode = rcode;
  return reply;
}

/** A walk that stands on the OPT; undefined when the message has none. */
function optOf(message: Uint8Array): RecordWalk | undefined {
  const walk = new RecordWalk();
  if (!walk.start(message, message.length)) return undefined;
  while (walk.next() === RECORD) if (isOpt(walk)) return walk;
  return undefined;
}

/** The OPT is mostly the last record: then the message ends before it, and nothing is copied. */
function withoutOpt(message: Uint8Array, opt: RecordWalk | undefined): Uint8Array {
  if (message.length > MIN_UDP_PAYLOAD) return rebuildMessage(message, message.length);
  if (opt === undefined) return copyWithoutOpt(message, message.length);
  const { ownerOffset, section } = opt;
  if (section !== SECTION_ADDITIONAL || opt.next() === RECORD) {
    return rebuildMessage(message, message.length);
  }
  writeCount(message, SECTION_ADDITIONAL, readCount(message, SECTION_ADDITIONAL) - 1);
  return message.subarray(0, ownerOffset);
}
