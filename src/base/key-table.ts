/**
 * A map for what comes and goes all the time: what is under way, what waits. V8's own `Map` does that at a price that no profile of the
 * map shows. It moves to a new table whenever the old one is full of what was deleted, and leaves the old one pointing at the new; once one of
 * them has got into the old generation, the young collector takes it for alive, and with it all tables that came after, with everything that
 * was in them when they were left, until the old generation is collected. Measured with unique questions: 1.7 KB of each outlived its answer.
 *
 * Open addressing with linear probing, at most half full, in arrays that stay the same ones while the number of entries is about the same.
 * Strings are hashed by multilinear hashing with random factors (Lemire and Kaser, "Strongly universal string hashing is fast", 2014), of whose
 * sums the upper bits are the good ones, and then spread: clients choose the names, and must not be able to choose such as all fall into one place.
 */
import { spreadBits } from './spread-bits.ts';

const FIRST_BITS = 4;
/** Grows and shrinks by so much at a time. */
const STEP_BITS = 2;
/** Does not shrink below, nor before hardly anything is left: what comes and goes would have it grow again at once. */
const LEAST_SHRUNK_BITS = 12;
const SHRINKS_BELOW = 1 / 32;
const HASH_BITS = 32;
/** A power of two, more than the longest question has characters; longer keys begin anew with the first factor. */
const FACTORS = 512;

/** Nobody sees any of them, so they need not come from a cryptographic generator. */
const factors = Int32Array.from({ length: FACTORS }, () => Math.random() * 2 ** HASH_BITS);

/** Exported for its test. */
export function hashOf(key: string | number): number {
  if (typeof key === 'number') {
    return spreadBits(factors[0] + Math.imul(factors[1], key & 0xffff) + Math.imul(factors[2], key >>> 16));
  }
  const { length } = key;
  let sum = Math.imul(factors[FACTORS - 1], length);
  for (let i = 0; i < length; i++) {
    sum = (sum + Math.imul(factors[i & (FACTORS - 1)], key.charCodeAt(i))) | 0;
  }
  return spreadBits(sum);
}

/** @typeParam Key strings, or whole numbers of 32 bits */
export class KeyTable<Key extends string | number, Value> {
  size = 0;
  private bits = FIRST_BITS;
  private hashes = new Int32Array(1 << FIRST_BITS);
  private keys = empty<Key>(FIRST_BITS);
  private values = empty<Value>(FIRST_BITS);
  /** The last key that was looked for: who looks for one often puts it there next. */
  private lastKey: Key | undefined;
  private lastHash = 0;

  has(key: Key): boolean {
    return this.keys[this.placeOf(key)] !== undefined;
  }

  get(key: Key): Value | undefined {
    return this.values[this.placeOf(key)];
  }

  set(key: Key, value: Value): void {
    const place = this.placeOf(key);
    this.values[place] = value;
    if (this.keys[place] !== undefined) return;
    this.keys[place] = key;
    this.hashes[place] = this.lastHash;
    if (++this.size * 2 > this.keys.length) this.resize(this.bits + STEP_BITS);
  }

  /** @returns whether it was there */
  delete(key: Key): boolean {
    const place = this.placeOf(key);
    this.lastKey = undefined;
    if (this.keys[place] === undefined) return false;
    this.close(place);
    this.size--;
    if (this.bits > LEAST_SHRUNK_BITS && this.size < this.keys.length * SHRINKS_BELOW) {
      this.resize(this.bits - STEP_BITS);
    }
    return true;
  }

  /** Where the key is, or would be put. Its hash is `lastHash` then. */
  private placeOf(key: Key): number {
    if (key !== this.lastKey) {
      this.lastKey = key;
      this.lastHash = hashOf(key);
    }
    const { hashes, keys, lastHash } = this;
    const mask = keys.length - 1;
    let place = lastHash >>> (HASH_BITS - this.bits);
    while (keys[place] !== undefined && (hashes[place] !== lastHash || keys[place] !== key)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  /** Empties a place, and moves those up that stand behind it and would not be found any more. */
  private close(place: number): void {
    const { hashes, keys, values } = this;
    const mask = keys.length - 1;
    let gap = place;
    for (let at = (gap + 1) & mask; keys[at] !== undefined; at = (at + 1) & mask) {
      const home = hashes[at] >>> (HASH_BITS - this.bits);
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      hashes[gap] = hashes[at];
      keys[gap] = keys[at];
      values[gap] = values[at];
      gap = at;
    }
    keys[gap] = undefined;
    values[gap] = undefined;
  }

  private resize(bits: number): void {
    const { hashes, keys, values } = this;
    this.bits = bits;
    this.hashes = new Int32Array(1 << bits);
    this.keys = empty<Key>(bits);
    this.values = empty<Value>(bits);
    const mask = this.keys.length - 1;
    for (let from = 0; from < keys.length; from++) {
      if (keys[from] === undefined) continue;
      let place = hashes[from] >>> (HASH_BITS - bits);
      while (this.keys[place] !== undefined) place = (place + 1) & mask;
      this.hashes[place] = hashes[from];
      this.keys[place] = keys[from];
      this.values[place] = values[from];
    }
  }
}

const empty = <Item>(bits: number): (Item | undefined)[] => Array.from({ length: 1 << bits });
