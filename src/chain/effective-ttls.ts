/** TTLs of somebody else's reply as a client would see them now: for handlers that make another message of its records. */
import { readUint32, writeUint32 } from '../wire/header.ts';
import type { Reply } from './outcome.ts';

/** What a record that bears `ttlSeconds` in the reply's octets is told with. */
export function effectiveTtl({ ageSeconds, fixedTtlSeconds }: Reply, ttlSeconds: number): number {
  return fixedTtlSeconds >= 0 ? fixedTtlSeconds : Math.max(0, ttlSeconds - ageSeconds);
}

/** The reply's octets with these TTLs. @returns octets of its own */
export function withEffectiveTtls(reply: Reply): Uint8Array {
  const { ttlOffsets, ttlCount, ageSeconds, fixedTtlSeconds } = reply;
  const message = reply.message.slice(0, reply.length);
  if (ageSeconds === 0 && fixedTtlSeconds < 0) return message;
  for (let i = 0; i < ttlCount; i++) {
    const offset = ttlOffsets[i];
    writeUint32(message, offset, effectiveTtl(reply, readUint32(message, offset)));
  }
  return message;
}
