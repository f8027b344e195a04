/**
 * The memory that `recvmmsg` and `sendmmsg` work in: an array of `mmsghdr`, and for each message an `iovec`, a socket address, control data
 * and a buffer. It is laid out once; afterwards only lengths and contents change.
 *
 *     ┌ mmsghdr ×64 ┬ iovec ×64 ┬ sockaddr ×64 ┬ control ×64 ┬ buffer ×64 ┐
 *       64 octets     16          32             64            4096
 *
 * C keeps plain addresses into these octets, so they have to live, and stay where they are, until no socket uses them: whoever
 * receives or sends holds this object. Little-endian 64-bit Linux only (see `libc.ts`).
 */

/** Datagrams in one call. More gains nothing: at 64 the call itself is a small part. */
export const BATCH_SIZE = 64;
/** The longest datagram that is read or sent, in octets, unless told otherwise. Longer queries are cut, and answered FORMERR. */
export const DATAGRAM_OCTETS = 4096;
/** Room for one `cmsghdr` with an `in6_pktinfo` (40 octets). */
export const CONTROL_OCTETS = 64;

const MMSGHDR_OCTETS = 64;
const IOVEC_OCTETS = 16;
const ADDRESS_OCTETS = 32;

const IOVECS = BATCH_SIZE * MMSGHDR_OCTETS;
const ADDRESSES = IOVECS + BATCH_SIZE * IOVEC_OCTETS;
const CONTROLS = ADDRESSES + BATCH_SIZE * ADDRESS_OCTETS;
const BUFFERS = CONTROLS + BATCH_SIZE * CONTROL_OCTETS;

/** Places within an `mmsghdr` and an `iovec`, in words of 32 bits. */
const MMSGHDR_WORDS = MMSGHDR_OCTETS / 4;
const NAME_LENGTH_WORD = 2;
const CONTROL_LENGTH_WORD = 10;
const MESSAGE_LENGTH_WORD = 14;
const IOVEC_WORDS = IOVEC_OCTETS / 4;
const IOVEC_LENGTH_WORD = 2;

export class BatchMemory {
  /** The machine's address of the array that the system calls take. */
  readonly vector: number;
  /** Plain arrays and no Buffers: `slice` of these copies. */
  readonly buffers: readonly Uint8Array[];
  readonly addresses: readonly Uint8Array[];
  readonly controls: readonly Uint8Array[];
  /** Messages that the last call received: what it wrote to is to be set anew. */
  received = BATCH_SIZE;
  private readonly octets: Uint8Array;
  private readonly words: Uint32Array;
  private addressRoom = 0;
  private controlRoom = 0;

  /**
   * @param addressOf gives the machine's address of octets.
   * @param datagramOctets room for each datagram. What has never been written to is no memory yet, so much room costs little.
   */
  constructor(addressOf: (octets: Uint8Array) => number, datagramOctets = DATAGRAM_OCTETS) {
    this.octets = new Uint8Array(BUFFERS + BATCH_SIZE * datagramOctets);
    this.words = new Uint32Array(this.octets.buffer, 0, ADDRESSES / 4);
    this.addresses = this.cut(ADDRESSES, ADDRESS_OCTETS);
    this.controls = this.cut(CONTROLS, CONTROL_OCTETS);
    this.buffers = this.cut(BUFFERS, datagramOctets);
    this.vector = addressOf(this.octets);
    this.layOut(BigInt(this.vector), datagramOctets);
  }

  /** The address of the array of `mmsghdr` from message `index` on. */
  vectorFrom(index: number): number {
    return this.vector + index * MMSGHDR_OCTETS;
  }

  /**
   * Says how much room there is for the address and the control data of each message that is to be received. What the last call did not
   * write to is left as it is, 64 lines of the processor's cache where one is needed.
   */
  makeRoom(addressOctets: number, controlOctets: number): void {
    const isAsBefore = addressOctets === this.addressRoom && controlOctets === this.controlRoom;
    const count = isAsBefore ? this.received : BATCH_SIZE;
    for (let index = 0; index < count; index++) {
      this.setAddressOctets(index, addressOctets);
      this.setControlOctets(index, controlOctets);
    }
    this.addressRoom = addressOctets;
    this.controlRoom = controlOctets;
  }

  /** Octets of the datagram that came in as message `index`. */
  receivedOctets(index: number): number {
    return this.words[index * MMSGHDR_WORDS + MESSAGE_LENGTH_WORD];
  }

  /** Notes it where the system has not, which does so for several datagrams only. */
  setReceivedOctets(index: number, octets: number): void {
    this.words[index * MMSGHDR_WORDS + MESSAGE_LENGTH_WORD] = octets;
  }

  /** Says how much room there is for, or how long is, the address of a message. Receiving overwrites it. */
  setAddressOctets(index: number, octets: number): void {
    this.words[index * MMSGHDR_WORDS + NAME_LENGTH_WORD] = octets;
  }

  /** The same of its control data; 0 for none. */
  setControlOctets(index: number, octets: number): void {
    this.words[index * MMSGHDR_WORDS + CONTROL_LENGTH_WORD] = octets;
  }

  controlOctets(index: number): number {
    return this.words[index * MMSGHDR_WORDS + CONTROL_LENGTH_WORD];
  }

  /** Says how long the message to be sent is. */
  setMessageOctets(index: number, octets: number): void {
    this.words[IOVECS / 4 + index * IOVEC_WORDS + IOVEC_LENGTH_WORD] = octets;
  }

  private cut(start: number, size: number): Uint8Array[] {
    return Array.from({ length: BATCH_SIZE }, (_, index) =>
      this.octets.subarray(start + index * size, start + (index + 1) * size),
    );
  }

  private layOut(base: bigint, datagramOctets: number): void {
    const view = new DataView(this.octets.buffer);
    for (let index = 0; index < BATCH_SIZE; index++) {
      const header = index * MMSGHDR_OCTETS;
      const iovec = IOVECS + index * IOVEC_OCTETS;
      // struct msghdr: name, namelen, iov, iovlen, control, controllen, flags
      view.setBigUint64(header, base + BigInt(ADDRESSES + index * ADDRESS_OCTETS), true);
      view.setUint32(header + 8, ADDRESS_OCTETS, true);
      view.setBigUint64(header + 16, base + BigInt(iovec), true);
      view.setBigUint64(header + 24, 1n, true);
      view.setBigUint64(header + 32, base + BigInt(CONTROLS + index * CONTROL_OCTETS), true);
      // struct iovec: base, len
      view.setBigUint64(iovec, base + BigInt(BUFFERS + index * datagramOctets), true);
      view.setBigUint64(iovec + 8, BigInt(datagramOctets), true);
    }
  }
}
