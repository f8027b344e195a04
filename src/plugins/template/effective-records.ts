/** The answer section of somebody else's reply, taken over into a message of ours with the TTLs that a client would see. */
import type { Reply } from '../../chain/outcome.ts';
import type { MessageBuilder } from '../../wire/builder.ts';
import { SECTION_ANSWER, readUint32, writeUint32 } from '../../wire/header.ts';
import { RECORD, RecordWalk } from '../../wire/records.ts';

/** Appends the records of `reply`'s answer section to that of `builder`. */
export function appendAnswers(builder: MessageBuilder, reply: Reply): void {
  const message = withEffectiveTtls(reply);
  const walk = new RecordWalk();
  if (!walk.start(message, message.length)) return;
  while (walk.next() === RECORD && walk.section === SECTION_ANSWER) builder.copyRecord(SECTION_ANSWER, walk);
}

/** The message with its TTLs counted down or replaced, as the reply says; its octets are shared, so a change makes a copy. */
function withEffectiveTtls(reply: Reply): Uint8Array {
  if (reply.ageSeconds === 0 && reply.fixedTtlSeconds < 0) return reply.message;
  const message = reply.message.slice(0, reply.length);
  for (const offset of reply.ttlOffsets) {
    const left =
      reply.fixedTtlSeconds >= 0
        ? reply.fixedTtlSeconds
        : Math.max(0, readUint32(message, offset) - reply.ageSeconds);
    writeUint32(message, offset, left);
  }
  return message;
}
