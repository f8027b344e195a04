/**
 * Copies of short messages that live for a moment, many in one piece of memory: octets of their own would each be a piece that the collector
 * has to look after, which costs more than the copying. A piece is free when none of its copies is in use any more, so what is kept for
 * long does not belong here.
 */

const SLAB_OCTETS = 16 * 1024;
/** Longer ones get memory of their own. */
const LONGEST_OCTETS = 1024;

export class OctetSlab {
  private memory = new Uint8Array(SLAB_OCTETS);
  private used = 0;

  /** The same octets, which nobody else writes. */
  copy(octets: Uint8Array): Uint8Array {
    const { length } = octets;
    if (length > LONGEST_OCTETS) return new Uint8Array(octets);
    if (this.used + length > SLAB_OCTETS) {
      this.memory = new Uint8Array(SLAB_OCTETS);
      this.used = 0;
    }
    const { memory, used } = this;
    this.used += length;
    for (let i = 0; i < length; i++) memory[used + i] = octets[i];
    return new Uint8Array(memory.buffer, used, length);
  }
}
