/**
 * The last step of a hash that is a sum: every bit comes to depend on every other one, by MurmurHash3's finalizer (Appleby 2011), which no
 * two sums leave as one. The sums of names that are numbered are as far from each other as their numbers, times a factor; with some factors
 * most of them would share few places of a table.
 *
 * @param sums 32 bits
 * @returns 32 bits, signed
 */
export function spreadBits(sums: number): number {
  let bits = Math.imul(sums ^ (sums >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
