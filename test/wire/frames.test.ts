import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, frame } from '../../src/wire/frames.ts';
import { framed } from '../support/tcp-client.ts';

/** Everything that the reader gives for these chunks, one after the other. */
function read(chunks: readonly Uint8Array[]): Buffer[] {
  const reader = new FrameReader();
  const messages: Buffer[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      messages.push(Buffer.from(message));
    }
  }
  return messages;
}

/** The stream cut at these places. */
function cut(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (stream.length + 1)), stream.length].toSorted(
    (a, b) => a - b,
  );
  return ends.map((end, index) => stream.subarray(index === 0 ? 0 : ends[index - 1], end));
}

const textOf = (message: Uint8Array | undefined): string => Buffer.from(message ?? []).toString();

describe('FrameReader', () => {
  it('finds the messages of a stream however it is split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (messages, places) => {
          const stream = Buffer.concat(messages.map(framed));
          expect(read(cut(stream, places))).toEqual(messages.map((message) => Buffer.from(message)));
        },
      ),
    );
  });

  it('finds them octet by octet', () => {
    const stream = Buffer.concat([
      framed(Buffer.from('first')),
      framed(Buffer.alloc(0)),
      framed(Buffer.from('2')),
    ]);
    const octets = Array.from(stream, (octet) => Uint8Array.of(octet));
    expect(read(octets).map(String)).toEqual(['first', '', '2']);
  });

  it('takes the longest message that two octets of length can announce', () => {
    const longest = Buffer.alloc(65_535, 7);
    expect(read([framed(longest)])).toEqual([longest]);
    expect(read(cut(framed(longest), [1, 2, 40_000]))).toEqual([longest]);
  });

  it('does not copy a message that lies whole in one chunk', () => {
    const chunk = framed(Buffer.from('whole'));
    const reader = new FrameReader();
    reader.push(chunk);
    expect(reader.next()?.buffer).toBe(chunk.buffer);
  });

  it('tells whether it has octets that it has not looked at', () => {
    const reader = new FrameReader();
    expect(reader.hasMore).toBe(false);
    reader.push(Buffer.concat([framed(Buffer.from('one')), Buffer.of(0)]));
    expect(reader.hasMore).toBe(true);
    reader.next();
    expect(reader.hasMore).toBe(true);
    reader.next();
    expect(reader.hasMore).toBe(false);
  });

  it('may be given more before it has been asked for all', () => {
    const reader = new FrameReader();
    reader.push(Buffer.concat([framed(Buffer.from('one')), framed(Buffer.from('two'))]));
    expect(textOf(reader.next())).toBe('one');
    reader.push(framed(Buffer.from('three')));
    expect(textOf(reader.next())).toBe('two');
    expect(textOf(reader.next())).toBe('three');
    expect(reader.next()).toBeUndefined();
  });

  it.each([
    { what: 'nothing', octets: [], midMessage: false },
    { what: 'half of a length', octets: [0], midMessage: true },
    { what: 'a length', octets: [0, 2], midMessage: true },
    { what: 'a part of a message', octets: [0, 2, 9], midMessage: true },
    { what: 'a whole message', octets: [0, 2, 9, 9], midMessage: false },
    { what: 'the beginning of the next one', octets: [0, 2, 9, 9, 0], midMessage: true },
  ])('knows whether a message has begun: $what', ({ octets, midMessage }) => {
    const reader = new FrameReader();
    reader.push(Uint8Array.from(octets));
    while (reader.next() !== undefined);
    expect(reader.midMessage).toBe(midMessage);
  });
});

describe('frame', () => {
  it('puts the length in front, in octets of its own', () => {
    const message = Uint8Array.of(1, 2, 3);
    const framedMessage = frame(message);
    message.fill(0);
    expect([...framedMessage]).toEqual([0, 3, 1, 2, 3]);
    expect([...frame(new Uint8Array(0x1234)).subarray(0, 2)]).toEqual([0x12, 0x34]);
  });
});
