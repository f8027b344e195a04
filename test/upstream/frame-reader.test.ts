import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, frame } from '../../src/upstream/frame-reader.ts';

const readAll = (chunks: Iterable<Uint8Array>): Uint8Array[] => {
  const reader = new FrameReader();
  const messages: Uint8Array[] = [];
  for (const chunk of chunks) reader.push(chunk, (message) => messages.push(message));
  return messages;
};

function* pieces(stream: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield stream.subarray(at, at + size);
    at += size;
  }
}

describe('FrameReader', () => {
  it('gives the same messages whatever pieces the stream comes in', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(messages, sizes, (sent, cuts) => {
        const stream = Uint8Array.from(Buffer.concat(sent.map(frame)));
        expect(readAll(pieces(stream, cuts))).toEqual(sent);
      }),
    );
  });

  it('reads the longest message one octet at a time', () => {
    const sent = new Uint8Array(65_535).fill(7);
    expect(readAll(pieces(frame(sent), [1]))).toEqual([sent]);
  });

  it('gives messages memory of their own', () => {
    const chunk = frame(Uint8Array.of(1, 2, 3));
    const [message] = readAll([chunk]);
    chunk.fill(0);
    expect(message).toEqual(Uint8Array.of(1, 2, 3));
    expect(message.buffer.byteLength).toBe(3);
  });

  it('says nothing of a message that is not complete', () => {
    expect(readAll([frame(Uint8Array.of(1, 2, 3)).subarray(0, 4)])).toEqual([]);
  });
});
