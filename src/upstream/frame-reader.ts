/**
 * Takes a stream apart into messages, each behind its length in two octets (RFC 1035 section 4.2.2), whatever the pieces in which the
 * stream arrives (RFC 7766 section 8). Every octet is copied once, into a message of its own; what is kept between pieces is one message
 * at most.
 */

export class FrameReader {
  /** The first octet of a length whose second one has not come yet, or -1. */
  private lengthHighOctet = -1;
  private message: Uint8Array | undefined;
  private filled = 0;

  /** Calls `deliver` with each message that `chunk` completes, in order; its octets belong to the receiver. */
  push(chunk: Uint8Array, deliver: (message: Uint8Array) => void): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.message === undefined) {
        offset = this.readLength(chunk, offset);
      } else {
        const octets = Math.min(this.message.length - this.filled, chunk.length - offset);
        this.message.set(chunk.subarray(offset, offset + octets), this.filled);
        this.filled += octets;
        offset += octets;
      }
      this.deliverWhenFull(deliver);
    }
  }

  private readLength(chunk: Uint8Array, offset: number): number {
    if (this.lengthHighOctet < 0) {
      this.lengthHighOctet = chunk[offset];
    } else {
      this.message = new Uint8Array((this.lengthHighOctet << 8) | chunk[offset]);
      this.filled = 0;
      this.lengthHighOctet = -1;
    }
    return offset + 1;
  }

  private deliverWhenFull(deliver: (message: Uint8Array) => void): void {
    const { message } = this;
    if (message === undefined || this.filled < message.length) return;
    this.message = undefined;
    deliver(message);
  }
}

/** The message behind its length, in octets of its own, so that both go out in one write. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(2 + message.length);
  framed[0] = message.length >>> 8;
  framed[1] = message.length;
  framed.set(message, 2);
  return framed;
}
