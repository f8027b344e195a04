/**
 * Cuts a TCP stream into DNS messages (RFC 1035 section 4.2.2: two octets of length, then the message). The stream may be split anywhere,
 * down to single octets; each octet is copied at most once, and a message that lies whole in one chunk is not copied at all.
 */

const NO_OCTETS = new Uint8Array(0);

export class FrameReader {
  private chunk: Uint8Array = NO_OCTETS;
  private at = 0;
  /** Octets of the length prefix seen so far, and their value. */
  private prefixOctets = 0;
  private wanted = 0;
  /** A message that began in an earlier chunk, and how much of it is there. */
  private partial: Uint8Array | undefined;
  private filled = 0;

  /** Adds what was received. Call `next` until it gives nothing before adding more. */
  push(chunk: Uint8Array): void {
    if (this.at < this.chunk.length) {
      const left = this.chunk.subarray(this.at);
      const joined = new Uint8Array(left.length + chunk.length);
      joined.set(left, 0);
      joined.set(chunk, left.length);
      this.chunk = joined;
    } else {
      this.chunk = chunk;
    }
    this.at = 0;
  }

  /** Adds what was received, and calls `deliver` with each message that is whole then, in order. */
  feed(chunk: Uint8Array, deliver: (message: Uint8Array) => void): void {
    this.push(chunk);
    for (let message = this.next(); message !== undefined; message = this.next()) deliver(message);
  }

  /** Whether a message has begun and is not complete: a prefix, or part of one. */
  get midMessage(): boolean {
    return this.prefixOctets > 0;
  }

  /** Whether octets are there that `next` has not looked at. */
  get hasMore(): boolean {
    return this.at < this.chunk.length;
  }

  /** Octets of memory that wait for more of them, or for `next`. */
  get heldOctets(): number {
    return (this.hasMore ? this.chunk.length : 0) + (this.partial?.length ?? 0);
  }

  /** The next whole message, or undefined until more has been received. The octets stay valid. */
  next(): Uint8Array | undefined {
    while (this.prefixOctets < 2) {
      if (this.at === this.chunk.length) return undefined;
      this.wanted = ((this.wanted << 8) | this.chunk[this.at++]) & 0xffff;
      this.prefixOctets++;
    }
    const available = this.chunk.length - this.at;
    if (this.partial === undefined && available >= this.wanted) {
      const message = this.chunk.subarray(this.at, this.at + this.wanted);
      this.at += this.wanted;
      return this.complete(message);
    }
    return this.fill(available);
  }

  private fill(available: number): Uint8Array | undefined {
    this.partial ??= new Uint8Array(this.wanted);
    const octets = Math.min(available, this.wanted - this.filled);
    this.partial.set(this.chunk.subarray(this.at, this.at + octets), this.filled);
    this.filled += octets;
    this.at += octets;
    return this.filled === this.wanted ? this.complete(this.partial) : undefined;
  }

  private complete(message: Uint8Array): Uint8Array {
    this.prefixOctets = 0;
    this.wanted = 0;
    this.partial = undefined;
    this.filled = 0;
    return message;
  }
}

/** The message behind its length, in octets of its own, so that both go out in one write (RFC 7766 section 8). */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(2 + message.length);
  framed[0] = message.length >>> 8;
  framed[1] = message.length;
  framed.set(message, 2);
  return framed;
}
