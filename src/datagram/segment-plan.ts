/**
 * Which datagrams leave as one message, that the kernel cuts into datagrams again (`UDP_SEGMENT`, Linux 4.18): those to one client, all of
 * one size but the last, which may be shorter. Datagrams have no order, so of a pair the longer one goes first whichever came first.
 * Decides only; `send-batch.ts` lays the messages out.
 */

/** Datagrams of one message at most; any kernel takes 64. */
export const MAX_SEGMENTS = 32;
/** The longest datagram that goes with others, in octets: shorter than any path's MTU, since a message is never cut into fragments. */
export const MAX_SEGMENT_OCTETS = 1232;

/** Stands for no datagram and no message. */
export const NONE = -1;

export class SegmentPlan {
  /** How many messages there are; the arrays below have a place for each. */
  messages = 0;
  /** The first datagram of a message; the others follow in `next`. */
  readonly first: Int16Array;
  readonly counts: Uint16Array;
  /** Octets of each datagram of a message but the last. */
  readonly sizes: Uint16Array;
  /** By datagram: the one behind it in its message, or NONE. */
  readonly next: Int16Array;
  private readonly last: Int16Array;
  /** Whether a shorter datagram ends the message. */
  private readonly ended: Uint8Array;
  /** By client: the message that may still grow, or NONE. */
  private readonly open: Int16Array;

  /** @param size datagrams, and so clients and messages, at most */
  constructor(size: number) {
    this.first = new Int16Array(size);
    this.last = new Int16Array(size);
    this.counts = new Uint16Array(size);
    this.sizes = new Uint16Array(size);
    this.next = new Int16Array(size);
    this.ended = new Uint8Array(size);
    this.open = new Int16Array(size);
  }

  clear(): void {
    this.messages = 0;
  }

  /**
   * Takes one more datagram, at the end of a message or as a message of its own.
   * @param datagram its number: 0, 1, 2 … since `clear`
   * @param client the number of the first datagram to the same client, perhaps its own
   * @param octets its length; 0 keeps it from sharing a message
   */
  add(datagram: number, client: number, octets: number): void {
    this.next[datagram] = NONE;
    const message = datagram === client ? NONE : this.open[client];
    if (octets === 0 || octets > MAX_SEGMENT_OCTETS) {
      this.begin(datagram, octets);
      if (datagram === client) this.open[client] = NONE;
    } else if (message === NONE || !this.join(message, datagram, octets)) {
      this.open[client] = this.begin(datagram, octets);
    }
  }

  private begin(datagram: number, octets: number): number {
    const message = this.messages++;
    this.first[message] = this.last[message] = datagram;
    this.counts[message] = 1;
    this.sizes[message] = octets;
    this.ended[message] = 0;
    return message;
  }

  /** @returns whether the datagram found a place in the message. */
  private join(message: number, datagram: number, octets: number): boolean {
    const size = this.sizes[message];
    if (this.counts[message] === MAX_SEGMENTS) return false;
    if (octets > size) {
      if (this.counts[message] > 1) return false;
      // A longer one goes before the only one.
      this.next[datagram] = this.first[message];
      this.first[message] = datagram;
      this.sizes[message] = octets;
      this.ended[message] = 1;
    } else if (octets < size) {
      if (this.ended[message] === 1) return false;
      this.append(message, datagram);
      this.ended[message] = 1;
    } else if (this.ended[message] === 1) {
      // Of full size: before the short one that ends the message.
      this.next[datagram] = this.first[message];
      this.first[message] = datagram;
    } else {
      this.append(message, datagram);
    }
    this.counts[message]++;
    return true;
  }

  private append(message: number, datagram: number): void {
    this.next[this.last[message]] = datagram;
    this.last[message] = datagram;
  }
}
