/** A TCP stream in pieces of any size: the reader finds the messages that were sent. */
import { FrameReader, frame } from '../../src/wire/frames.ts';
import { PACKETS } from './corpus.ts';
import { must, mustEqual } from './must.ts';
import type { Random } from './random.ts';

/** Whole frames, and at the end perhaps a part of one, or anything. */
export function framesInput(random: Random): Uint8Array {
  const parts = Array.from({ length: random.below(8) }, () => {
    if (random.once(10)) return random.octets(random.below(30));
    if (random.once(10)) return frame(new Uint8Array(random.pick([0, 1, 65_535])));
    return frame(random.pick(PACKETS).octets);
  });
  const stream = Uint8Array.from(Buffer.concat(parts));
  return random.once(3) ? stream.subarray(0, random.below(stream.length + 1)) : stream;
}

/** @throws {Violation} */
export function checkFrames(stream: Uint8Array, random: Random): void {
  const wanted = cutFrames(stream);
  const found: Uint8Array[] = [];
  const reader = new FrameReader();
  const largest = random.pick([1, 2, 3, 20, 1000, 100_000]);
  for (let offset = 0; offset < stream.length;) {
    const piece = stream.slice(offset, offset + 1 + random.below(largest));
    offset += piece.length;
    reader.feed(piece, (message) => found.push(message));
  }
  mustEqual(found.map(toHex), wanted.messages.map(toHex), 'the messages');
  must(reader.midMessage === wanted.rest > 0, 'to know whether a message has begun');
}

const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

/** The plainest way to cut a stream, for comparing. */
function cutFrames(stream: Uint8Array): { messages: Uint8Array[]; rest: number } {
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= stream.length) {
    const end = at + 2 + (stream[at] << 8) + stream[at + 1];
    if (end > stream.length) break;
    messages.push(stream.subarray(at + 2, end));
    at = end;
  }
  return { messages, rest: stream.length - at };
}
