import { describe, expect, it } from 'vitest';
import { replyFromUpstream } from '../../../src/plugins/forward/reply.ts';
import { writeOpt } from '../../../src/wire/edns.ts';
import { AA, AD, QR, RA, SECTION_ADDITIONAL, TC, readCount } from '../../../src/wire/header.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { decode } from '../../support/query.ts';
import { readOpt } from '../../support/read-opt.ts';

const NAME = 'WwW.Example.Org.';

const word = (value: number): Buffer => Buffer.of(value >>> 8, value & 0xff);

interface Message {
  readonly flags?: number;
  readonly rcode?: number;
  /** Owners of A records, each written out. */
  readonly owners?: readonly string[];
  readonly opt?: 'none' | 'last' | 'first';
}

/** As servers write it that do not compress. */
function message({ flags = QR | RA, rcode = 0, owners = [NAME], opt = 'last' }: Message): Uint8Array {
  const optRecord = Buffer.alloc(11);
  writeOpt(optRecord, 0, 4096, rcode, true, undefined);
  const answers = owners.map((owner, i) =>
    Buffer.concat([
      nameFromText(owner),
      word(1),
      word(1),
      word(0),
      word(60),
      word(4),
      Buffer.of(192, 0, 2, i & 0xff),
    ]),
  );
  const extra = Buffer.concat([
    nameFromText('x.test.'),
    word(1),
    word(1),
    word(0),
    word(9),
    word(4),
    Buffer.of(192, 0, 2, 9),
  ]);
  const additional = { none: [extra], last: [extra, optRecord], first: [optRecord, extra] }[opt];
  return Buffer.concat([
    word(0xbeef),
    word(flags | (rcode & 0xf)),
    ...[1, owners.length, 0, additional.length].map(word),
    nameFromText(NAME),
    word(1),
    word(1),
    ...answers,
    ...additional,
  ]);
}

describe("an upstream's reply", () => {
  it.each(['none', 'last', 'first'] as const)('loses its OPT and nothing else: %s', (opt) => {
    const reply = replyFromUpstream(message({ opt }), 'forward');
    expect(readOpt(reply.message)).toBeUndefined();
    expect(decode(reply)).toMatchObject({
      rcode: 0,
      question: `${NAME} IN A`,
      answer: [`${NAME} 60 IN A 192.0.2.0`],
      additional: ['x.test. 9 IN A 192.0.2.9'],
    });
    expect(reply.source).toBe('forward');
    expect(reply.ttlOffsets).toHaveLength(2);
  });

  it.each([
    { what: 'short', owners: [NAME] },
    { what: 'long', owners: Array.from({ length: 40 }, () => NAME) },
  ])('shares no octets with what was received: $what', ({ owners }) => {
    const received = message({ owners });
    const reply = replyFromUpstream(received, 'forward');
    const before = reply.message.slice();
    received.fill(0xff);
    expect(reply.message).toEqual(before);
  });

  it.each([
    { rcode: 3, extended: 3 },
    { rcode: 16, extended: 16 },
    { rcode: 23, extended: 23 },
  ])('keeps all bits of its rcode: $rcode', ({ rcode, extended }) => {
    expect(replyFromUpstream(message({ rcode }), 'forward').rcode).toBe(extended);
    const owners = Array.from({ length: 40 }, () => NAME);
    expect(replyFromUpstream(message({ rcode, owners }), 'forward').rcode).toBe(extended);
  });

  it('has the rcode of its header where there is no OPT', () => {
    expect(replyFromUpstream(message({ rcode: 5, opt: 'none' }), 'forward').rcode).toBe(5);
  });

  it.each([
    { what: 'short', owners: [NAME] },
    { what: 'long', owners: Array.from({ length: 40 }, () => NAME) },
  ])('keeps its flags: $what', ({ owners }) => {
    const reply = replyFromUpstream(message({ flags: QR | AA | TC | AD, owners }), 'forward');
    expect(reply).toMatchObject({ authoritative: true, truncated: true, authenticData: true });
  });

  it('is compressed where it is too long for UDP without EDNS', () => {
    const owners = Array.from({ length: 40 }, () => NAME);
    const received = message({ owners });
    expect(received.length).toBeGreaterThan(1232);
    const { message: compressed } = replyFromUpstream(received, 'forward');
    expect(compressed.length).toBeLessThan(12 + 21 + 40 * 16 + 40);
    expect(readCount(compressed, SECTION_ADDITIONAL)).toBe(1);
  });

  it('stays as it is where it is short', () => {
    const received = message({ opt: 'none' });
    expect(Buffer.from(replyFromUpstream(received, 'forward').message)).toEqual(Buffer.from(received));
  });

  it('keeps the case of its names', () => {
    const other = 'MiXeD.example.org.';
    const owners = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? other : other.toLowerCase()));
    expect(
      decode(replyFromUpstream(message({ owners }), 'forward')).answer.map((line) => line.split(' ')[0]),
    ).toEqual(owners);
  });
});
