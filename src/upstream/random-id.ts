/**
 * Sixteen unpredictable bits at a time, for message ids and for the choice among sockets (RFC 5452 section 9.2). They come from the
 * system's cryptographic generator in blocks, since asking it for two octets costs as much as asking for thousands.
 */
import { randomFillSync } from 'node:crypto';

const BLOCK_IDS = 2048;

export class RandomIds {
  private readonly block = new Uint16Array(BLOCK_IDS);
  private used = BLOCK_IDS;

  /** 0 … 65535. */
  next(): number {
    if (this.used === BLOCK_IDS) {
      randomFillSync(this.block);
      this.used = 0;
    }
    return this.block[this.used++];
  }

  /** An id for which `isTaken` is false; the caller makes sure that there is one. */
  nextFree(taken: { has(id: number): boolean }): number {
    for (;;) {
      const id = this.next();
      if (!taken.has(id)) return id;
    }
  }

  /** 0 … `count` - 1, for counts that are small against 65536: the bias is count / 65536. */
  below(count: number): number {
    return this.next() % count;
  }
}
