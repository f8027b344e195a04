/** Octets come out of the arena as they went in, whatever their length and whoever had the blocks before. */
import { array, assert, boolean, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockArena, blocksFor } from '../../../src/plugins/cache/block-arena.ts';

const BLOCK = 64;
/** Blocks that the arena takes from the system at a time. */
const CHUNK_BLOCKS = 2048;
const LONGEST = 65_535;

/** Unlike any other of its seed, in every octet that counts. */
function pattern(length: number, seed: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = (i * 31 + (i >>> 8) * 7 + seed * 101 + 1) & 0xff;
  return octets;
}

function readBack(arena: BlockArena, first: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / BLOCK) * (BLOCK / 4));
  arena.read(first, words);
  return new Uint8Array(words.buffer).slice(0, length);
}

const kept = (arena: BlockArena, octets: Uint8Array): number => arena.write(octets, octets.length);

describe('octets', () => {
  it.each([
    { length: 1, blocks: 1 },
    { length: BLOCK - 1, blocks: 1 },
    { length: BLOCK, blocks: 1 },
    { length: BLOCK + 1, blocks: 2 },
    { length: 2 * BLOCK, blocks: 2 },
    { length: 2 * BLOCK + 1, blocks: 3 },
    { length: 512, blocks: 8 },
    { length: LONGEST, blocks: 1024 },
  ])('$length of them take $blocks blocks and come back as they were', ({ length, blocks }) => {
    const arena = new BlockArena();
    const before = kept(arena, pattern(BLOCK, 1));
    const octets = pattern(length, 2);
    const first = kept(arena, octets);
    const after = kept(arena, pattern(BLOCK, 3));
    expect(blocksFor(length)).toBe(blocks);
    expect(after - first).toBe(blocks);
    expect(readBack(arena, first, length)).toEqual(octets);
    expect(readBack(arena, before, BLOCK)).toEqual(pattern(BLOCK, 1));
    expect(readBack(arena, after, BLOCK)).toEqual(pattern(BLOCK, 3));
  });

  it('that lie across a border of chunks come back as they were', () => {
    const arena = new BlockArena();
    const chains: { first: number; octets: Uint8Array }[] = [];
    // Three blocks each: no whole number of them fills a chunk.
    for (let blocks = 0; blocks <= 2 * CHUNK_BLOCKS; blocks += 3) {
      const octets = pattern(3 * BLOCK - (blocks % 5), blocks);
      chains.push({ first: kept(arena, octets), octets });
    }
    for (const { first, octets } of chains) expect(readBack(arena, first, octets.length)).toEqual(octets);
  });

  it('behind the length are not kept', () => {
    const arena = new BlockArena();
    const first = arena.write(pattern(3 * BLOCK, 1), BLOCK);
    const words = new Uint32Array(3 * (BLOCK / 4));
    arena.read(first, words);
    expect([...words.subarray(BLOCK / 4)]).toEqual(Array.from({ length: 2 * (BLOCK / 4) }, () => 0));
  });
});

describe('a chain that was given back', () => {
  it('is used again, block by block, before any new one', () => {
    const arena = new BlockArena();
    const first = kept(arena, pattern(10 * BLOCK, 1));
    const end = kept(arena, pattern(1, 2));
    arena.release(first);
    const again = Array.from({ length: 10 }, (_, seed) => kept(arena, pattern(BLOCK, seed)));
    expect(again.every((block) => block < end)).toBe(true);
    expect(new Set(again).size).toBe(10);
    expect(kept(arena, pattern(1, 3))).toBe(end + 1);
    again.forEach((block, seed) => expect(readBack(arena, block, BLOCK)).toEqual(pattern(BLOCK, seed)));
  });

  it('serves a longer one together with others and with new blocks', () => {
    const arena = new BlockArena();
    const chains = [3, 1, 4].map((blocks, seed) => kept(arena, pattern(blocks * BLOCK, seed)));
    const bystander = kept(arena, pattern(2 * BLOCK, 9));
    for (const chain of chains) arena.release(chain);
    const longer = pattern(12 * BLOCK, 10);
    const first = kept(arena, longer);
    expect(readBack(arena, first, longer.length)).toEqual(longer);
    expect(readBack(arena, bystander, 2 * BLOCK)).toEqual(pattern(2 * BLOCK, 9));
    // 8 blocks were free: 4 new ones, and the bystander's 2.
    expect(kept(arena, pattern(1, 11))).toBe(14);
  });

  it('lets go of the rest of what was longer', () => {
    const arena = new BlockArena();
    const long = kept(arena, pattern(5 * BLOCK, 1));
    arena.release(long);
    const short = kept(arena, pattern(BLOCK + 1, 2));
    const words = new Uint32Array(5 * (BLOCK / 4));
    arena.read(short, words);
    expect([...words.subarray(2 * (BLOCK / 4))]).toEqual(Array.from({ length: 3 * (BLOCK / 4) }, () => 0));
  });
});

describe('a comparison', () => {
  const OFFSET = 12;

  it.each([1, 40, BLOCK - OFFSET, BLOCK - OFFSET + 1, 2 * BLOCK - OFFSET, 2 * BLOCK, 260])(
    'of %i octets behind a header says whether they are the same, to the last one',
    (length) => {
      const arena = new BlockArena();
      const octets = pattern(400, 1);
      const first = kept(arena, octets);
      const same = octets.slice(OFFSET, OFFSET + length);
      expect(arena.equals(first, OFFSET, same, length)).toBe(true);
      for (let at = 0; at < length; at++) {
        const other = same.slice();
        other[at] ^= 0x20;
        expect(arena.equals(first, OFFSET, other, length), `octet ${at}`).toBe(false);
      }
    },
  );

  it('looks at no more octets than it is told to', () => {
    const arena = new BlockArena();
    const octets = pattern(200, 1);
    const first = kept(arena, octets);
    const longer = Uint8Array.from([...octets.subarray(OFFSET, OFFSET + 80), 0, 0, 0]);
    expect(arena.equals(first, OFFSET, longer, 80)).toBe(true);
    expect(arena.equals(first, OFFSET, longer, 81)).toBe(false);
  });

  it('with more octets than the chain has is no match', () => {
    const arena = new BlockArena();
    const octets = pattern(BLOCK, 1);
    const first = kept(arena, octets);
    kept(arena, pattern(BLOCK, 2));
    const both = Uint8Array.from([...octets, ...pattern(BLOCK, 2)]);
    expect(arena.equals(first, OFFSET, both.subarray(OFFSET), 2 * BLOCK - OFFSET)).toBe(false);
  });

  it('across a border of chunks reads on in the next one', () => {
    const arena = new BlockArena();
    for (let block = 0; block < CHUNK_BLOCKS - 1; block++) kept(arena, pattern(1, block));
    const octets = pattern(3 * BLOCK, 7);
    const first = kept(arena, octets);
    expect(first).toBe(CHUNK_BLOCKS - 1);
    expect(arena.equals(first, OFFSET, octets.subarray(OFFSET), 3 * BLOCK - OFFSET)).toBe(true);
    const other = octets.slice(OFFSET);
    other[BLOCK] ^= 1;
    expect(arena.equals(first, OFFSET, other, 3 * BLOCK - OFFSET)).toBe(false);
  });
});

it('holds what a list of octets would, whatever comes and goes, and takes no more blocks than were in use at once', () => {
  const step = record({
    release: boolean(),
    which: integer({ min: 0, max: 999 }),
    length: integer({ min: 1, max: 700 }),
  });
  assert(
    property(array(step, { maxLength: 200 }), (steps) => {
      const arena = new BlockArena();
      const model: { first: number; octets: Uint8Array }[] = [];
      let inUse = 0;
      let most = 0;
      for (const [seed, { release, which, length }] of steps.entries()) {
        if (release && model.length > 0) {
          const [gone] = model.splice(which % model.length, 1);
          arena.release(gone.first);
          inUse -= blocksFor(gone.octets.length);
        } else {
          const octets = pattern(length, seed);
          model.push({ first: kept(arena, octets), octets });
          inUse += blocksFor(length);
          most = Math.max(most, inUse);
        }
      }
      for (const { first, octets } of model) {
        expect(readBack(arena, first, octets.length)).toEqual(octets);
        expect(arena.equals(first, 0, octets, octets.length)).toBe(true);
      }
      // What is free is used up first; then comes the first block that was never used.
      for (let free = most - inUse; free > 0; free--)
        expect(kept(arena, pattern(1, free))).toBeLessThan(most);
      expect(kept(arena, pattern(1, 0))).toBe(most);
    }),
  );
});
