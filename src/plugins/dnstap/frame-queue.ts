/**
 * Data frames that wait for their connection, one behind the other in blocks of memory, so that many leave with one write and no message is
 * an object. It has an end, in messages and in octets: what does not fit is the caller's to count.
 */

/** Frames in the order in which they came. */
export interface FrameBlock {
  readonly octets: Buffer;
  /** How much of `octets` counts. */
  length: number;
  frames: number;
}

/** Some hundred messages without `full`. */
const BLOCK_OCTETS = 16 * 1024;
/** What comes before each payload: its length. */
const LENGTH_OCTETS = 4;
/** Blocks that are kept to be used again. */
const MAX_SPARE_BLOCKS = 4;

export class FrameQueue {
  private readonly maxFrames: number;
  private readonly maxOctets: number;
  private blocks: FrameBlock[] = [];
  private readonly spare: FrameBlock[] = [];
  private frames = 0;
  private octets = 0;

  /** @param maxOctets with the lengths in front of the payloads */
  constructor(maxFrames: number, maxOctets: number) {
    this.maxFrames = maxFrames;
    this.maxOctets = maxOctets;
  }

  /** Octets that wait. */
  get waitingOctets(): number {
    return this.octets;
  }

  /** Copies a payload to the end. @returns false when there is no room. */
  put(payload: Uint8Array): boolean {
    const needed = LENGTH_OCTETS + payload.length;
    if (this.frames >= this.maxFrames || this.octets + needed > this.maxOctets) return false;
    const block = this.blockFor(needed);
    const at = block.octets.writeUInt32BE(payload.length, block.length);
    block.octets.set(payload, at);
    block.length += needed;
    block.frames++;
    this.frames++;
    this.octets += needed;
    return true;
  }

  /** Takes the oldest frames off; undefined when there are none. Whoever has them gives the block back when it is done with it. */
  take(): FrameBlock | undefined {
    const block = this.blocks.shift();
    if (block === undefined) return undefined;
    this.frames -= block.frames;
    this.octets -= block.length;
    return block;
  }

  giveBack(block: FrameBlock): void {
    if (this.spare.length === MAX_SPARE_BLOCKS || block.octets.length > BLOCK_OCTETS) return;
    block.length = 0;
    block.frames = 0;
    this.spare.push(block);
  }

  /** Forgets all that waits. @returns how many frames that were. */
  clear(): number {
    const { frames } = this;
    this.blocks = [];
    this.frames = 0;
    this.octets = 0;
    return frames;
  }

  private blockFor(needed: number): FrameBlock {
    const last = this.blocks.at(-1);
    if (last !== undefined && last.octets.length - last.length >= needed) return last;
    const spare = needed > BLOCK_OCTETS ? undefined : this.spare.pop();
    const octets = Math.max(needed, BLOCK_OCTETS);
    const block = spare ?? { octets: Buffer.allocUnsafeSlow(octets), length: 0, frames: 0 };
    this.blocks.push(block);
    return block;
  }
}
