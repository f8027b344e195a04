import { describe, expect, it } from 'vitest';
import { Reply } from '../../src/chain/outcome.ts';
import { MessageBuilder } from '../../src/wire/builder.ts';
import { AA, AD, QR, SECTION_ANSWER, SECTION_AUTHORITY, TC, readUint32 } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';

const name = nameFromText('example.org.');

describe('Reply', () => {
  it.each([
    { flags: QR, authoritative: false, truncated: false, authenticData: false, rcode: 0 },
    { flags: QR | AA | 3, authoritative: true, truncated: false, authenticData: false, rcode: 3 },
    { flags: QR | TC, authoritative: false, truncated: true, authenticData: false, rcode: 0 },
    { flags: QR | AD | 2, authoritative: false, truncated: false, authenticData: true, rcode: 2 },
  ])('takes AA, TC, AD and rcode from its octets: $flags', ({ flags, ...expected }) => {
    const message = new MessageBuilder(flags).question(name, 1, 1).finish();
    expect(new Reply(message, 'test')).toMatchObject({
      ...expected,
      source: 'test',
      ageSeconds: 0,
      fixedTtlSeconds: -1,
      extendedError: undefined,
    });
  });

  it('knows where its TTLs stand', () => {
    const builder = new MessageBuilder(QR).question(name, 1, 1);
    builder.record(SECTION_ANSWER, name, 1, 1, 111, Uint8Array.of(192, 0, 2, 1));
    builder.record(SECTION_AUTHORITY, name, 2, 1, 222, nameFromText('ns.example.org.'));
    const reply = new Reply(builder.finish(), 'test');
    expect([...reply.ttlOffsets].map((offset) => readUint32(reply.message, offset))).toEqual([111, 222]);
  });
});
