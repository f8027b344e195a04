/** Damage to packets: what a broken server, a broken link or a hostile hand would do. */
import type { Random } from './random.ts';

/** Octets on either side of a border: lengths, label types, pointers, signs. */
const EDGES = [0, 1, 0x0c, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff];
const WORDS = [0, 1, 2, 41, 250, 255, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xc000, 0xc00c, 0xffff];
/** Longer than any packet here becomes by damage alone. */
const MAX_OCTETS = 65_535;

type Mutation = (random: Random, packet: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const flipBit: Mutation = (random, packet) =>
  changed(packet, random.below(packet.length), (octet) => octet ^ (1 << random.below(8)));

const setOctet: Mutation = (random, packet) =>
  changed(packet, random.below(packet.length), (octet) =>
    random.once(2) ? random.pick(EDGES) : octet + random.pick([1, -1, 2, 0x40]),
  );

/** A 16-bit word anywhere: types, classes, RDLENGTH, options. */
const setWord: Mutation = (random, packet) => {
  const offset = random.below(packet.length - 1);
  return withWord(packet, offset, random.once(3) ? random.below(0x1_0000) : random.pick(WORDS));
};

const setCount: Mutation = (random, packet) =>
  withWord(packet, 4 + 2 * random.below(4), random.once(3) ? random.below(0x1_0000) : random.below(6));

const setFlags: Mutation = (random, packet) => withWord(packet, 2, random.below(0x1_0000));

/** A compression pointer: backwards, forwards, to itself, into the header. */
const pointSomewhere: Mutation = (random, packet) => {
  const offset = random.below(packet.length - 1);
  const target = random.pick([
    offset,
    offset + 2,
    offset - 2,
    random.below(packet.length),
    random.below(24),
    0x3fff,
  ]);
  return withWord(packet, offset, 0xc000 | (target & 0x3fff));
};

const cutEnd: Mutation = (random, packet) => packet.slice(0, random.below(packet.length + 1));

const addEnd: Mutation = (random, packet) => joined(packet, random.octets(1 + random.below(20)));

const removeSome: Mutation = (random, packet) => {
  const start = random.below(packet.length);
  return joined(packet.subarray(0, start), packet.subarray(start + 1 + random.below(12)));
};

const repeatSome: Mutation = (random, packet) => {
  const start = random.below(packet.length);
  const end = start + 1 + random.below(40);
  return joined(packet.subarray(0, end), packet.subarray(start));
};

/** The front of this packet and the back of another. */
const splice: Mutation = (random, packet, others) => {
  const other = random.pick(others);
  return joined(packet.subarray(0, random.below(packet.length)), other.subarray(random.below(other.length)));
};

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  setOctet,
  setOctet,
  setWord,
  setWord,
  setCount,
  setFlags,
  pointSomewhere,
  pointSomewhere,
  cutEnd,
  addEnd,
  removeSome,
  repeatSome,
  splice,
];

/** The packet with up to `most` things wrong with it; sometimes none. Always in octets of its own. */
export function mutate(
  random: Random,
  packet: Uint8Array,
  others: readonly Uint8Array[],
  most = 5,
): Uint8Array {
  let mutated: Uint8Array = packet.slice();
  for (let left = random.below(most + 1); left > 0 && mutated.length > 1; left--) {
    mutated = random.pick(MUTATIONS)(random, mutated, others);
  }
  return mutated.slice(0, MAX_OCTETS);
}

function changed(packet: Uint8Array, offset: number, change: (octet: number) => number): Uint8Array {
  packet[offset] = change(packet[offset]);
  return packet;
}

function withWord(packet: Uint8Array, offset: number, value: number): Uint8Array {
  if (offset + 1 < packet.length) packet.set([value >>> 8, value & 0xff], offset);
  return packet;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Text with up to four things wrong with it: characters and stretches changed, cut, repeated and taken from elsewhere. */
export function mutateText(
  random: Random,
  text: string,
  others: readonly string[],
  marks: readonly string[],
): string {
  let mutated = text;
  for (let left = random.below(5); left > 0; left--) {
    const start = random.below(mutated.length + 1);
    const end = Math.min(mutated.length, start + random.below(30));
    const other = random.pick(others);
    const from = random.below(other.length);
    mutated =
      mutated.slice(0, start) +
      random.pick([
        '',
        random.pick(marks),
        String.fromCharCode(random.below(0x300)),
        mutated.slice(start, end).repeat(2),
        other.slice(from, from + random.below(60)),
      ]) +
      mutated.slice(random.once(2) ? start : end);
  }
  return mutated;
}
