/**
 * Datagrams on their way out: written into send buffers, and sent together by one call of `sendmmsg`. What goes to one client leaves as one
 * message, where the kernel can cut it into datagrams behind its routes and its firewall: passing these is most of what an answer costs,
 * and a pod's resolver asks for A and AAAA at once, from one socket (figures in test/bench/NOTES.md).
 *
 *     ┌ mmsghdr ×64 ┬ iovec ×64 ┬ sockaddr ×64 ┬ control ×64 ┬ segment size ×64 ┬ buffer ×64 ┐
 *       64 octets     16          32             64            32                 4096
 *
 * Addresses, controls and buffers belong to datagrams; `mmsghdr` and `iovec` are laid out anew for each call. Like `batch-memory.ts`: C
 * keeps plain addresses into these octets, so they live as long as this object; 64-bit little-endian Linux only.
 */
import { BATCH_SIZE, CONTROL_OCTETS, DATAGRAM_OCTETS } from './batch-memory.ts';
import type { Libc } from './libc.ts';
import { NONE, SegmentPlan } from './segment-plan.ts';
import type { Arrival } from './stand-in.ts';
import {
  SEGMENT_CONTROL_OCTETS,
  cannotCut,
  layOutSegmentControl,
  writeSegmentSize,
} from './segment-control.ts';

const MMSGHDR_OCTETS = 64;
const IOVEC_OCTETS = 16;
const ADDRESS_OCTETS = 32;
const SEGMENT_OCTETS = 32;

const IOVECS = BATCH_SIZE * MMSGHDR_OCTETS;
const ADDRESSES = IOVECS + BATCH_SIZE * IOVEC_OCTETS;
const CONTROLS = ADDRESSES + BATCH_SIZE * ADDRESS_OCTETS;
const SEGMENTS = CONTROLS + BATCH_SIZE * CONTROL_OCTETS;
const BUFFERS = SEGMENTS + BATCH_SIZE * SEGMENT_OCTETS;
const TOTAL_OCTETS = BUFFERS + BATCH_SIZE * DATAGRAM_OCTETS;

/** Places of fields within an `mmsghdr` and an `iovec`, in words of 32 bits; pointers and sizes take two of them. */
const MMSGHDR_WORDS = MMSGHDR_OCTETS / 4;
const NAME = 0;
const NAME_LENGTH = 2;
const IOV = 4;
const IOV_COUNT = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;
const IOVEC_WORDS = IOVEC_OCTETS / 4;
const IOVEC_LENGTH = 2;
const ADDRESS_WORDS = ADDRESS_OCTETS / 4;

const MSG_DONTWAIT = 0x40;
const EINTR = 4;

export class SendBatch {
  /** Datagrams that wait to be sent: fewer than BATCH_SIZE where `add` is called. */
  size = 0;
  /** Why the system refused a datagram, of the last one that it refused. */
  errno = 0;
  private readonly libc: Libc;
  private readonly octets = Buffer.alloc(TOTAL_OCTETS);
  /** The machine's address of them. */
  private readonly vector: number;
  private readonly words = new Uint32Array(this.octets.buffer, this.octets.byteOffset, BUFFERS / 4);
  private readonly buffers = cut(this.octets, BUFFERS, DATAGRAM_OCTETS);
  private readonly addresses = cut(this.octets, ADDRESSES, ADDRESS_OCTETS);
  private readonly controls = cut(this.octets, CONTROLS, CONTROL_OCTETS);
  /** Control data of messages that the kernel is to cut. */
  private readonly segments = cut(this.octets, SEGMENTS, SEGMENT_OCTETS);
  private readonly controlOctets = new Uint16Array(BATCH_SIZE);
  private readonly nameOctets = new Uint16Array(BATCH_SIZE);
  private readonly lengths = new Uint16Array(BATCH_SIZE);
  private readonly plan = new SegmentPlan(BATCH_SIZE);
  /** By the lower bits of the port: the first datagram of this batch to a client with such a port. */
  private readonly clients = new Int16Array(BATCH_SIZE).fill(NONE);
  private readonly bufferPointers: Uint32Array;
  private readonly addressPointers: Uint32Array;
  private readonly controlPointers: Uint32Array;
  private readonly segmentPointers: Uint32Array;
  private readonly iovecPointers: Uint32Array;
  private joins: boolean;

  /** @param joins whether the kernel takes several datagrams as one message (`cutsSegments`) */
  constructor(libc: Libc, joins: boolean) {
    this.libc = libc;
    this.joins = joins;
    const address = libc.addressOf(this.octets);
    const base = BigInt(address);
    this.vector = address;
    this.bufferPointers = pointers(base, BUFFERS, DATAGRAM_OCTETS);
    this.addressPointers = pointers(base, ADDRESSES, ADDRESS_OCTETS);
    this.controlPointers = pointers(base, CONTROLS, CONTROL_OCTETS);
    this.segmentPointers = pointers(base, SEGMENTS, SEGMENT_OCTETS);
    this.iovecPointers = pointers(base, IOVECS, IOVEC_OCTETS);
    this.segments.forEach(layOutSegmentControl);
  }

  /** Where the next datagram is to be written, before `add`. */
  get buffer(): Uint8Array {
    return this.buffers[this.size];
  }

  /**
   * Queues the `octets` that were written to `buffer`.
   * @param to the socket address, of which `toOctets` count
   * @param control what is to be told the kernel about it, of which `controlOctets` count
   */
  add(octets: number, to: Uint8Array, toOctets: number, control: Uint8Array, controlOctets: number): void {
    const at = this.size++;
    const address = this.addresses[at];
    for (let i = 0; i < toOctets; i++) address[i] = to[i];
    this.nameOctets[at] = toOctets;
    this.lengths[at] = octets;
    this.controlOctets[at] = controlOctets;
    if (controlOctets > 0) this.controls[at].set(control);
    // With control data of its own a datagram goes alone.
    const isJoined = this.joins && controlOctets === 0;
    this.plan.add(at, isJoined ? this.clientOf(at, address[3]) : at, isJoined ? octets : 0);
  }

  /**
   * Sends what is queued. What the system refuses is left: datagrams may be lost, and clients ask again.
   * @returns how many datagrams were refused
   */
  send(fd: number): number {
    const { plan } = this;
    this.layOutMessages();
    let sent = 0;
    let refused = 0;
    while (sent < plan.messages) {
      const vector = this.vector + sent * MMSGHDR_OCTETS;
      const taken = this.libc.sendmmsg(fd, vector, plan.messages - sent, MSG_DONTWAIT);
      if (taken > 0) {
        sent += taken;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === EINTR) continue;
      // The first of the rest is the one that was refused.
      this.errno = errno;
      const count = plan.counts[sent];
      refused += count > 1 && cannotCut(errno) ? this.sendSingly(fd, sent) : count;
      sent++;
    }
    this.clear();
    return refused;
  }

  /**
   * Sends what is queued, and leaves it to `arrival` where that is one datagram.
   * @returns how many datagrams were refused
   */
  sendBy(arrival: Arrival, fd: number): number {
    if (this.size !== 1) return this.send(fd);
    this.layOutMessages();
    arrival.send(fd, this.vector);
    this.clear();
    return 0;
  }

  private clear(): void {
    for (let i = 0; i < this.size; i++) this.clients[this.addresses[i][3] % BATCH_SIZE] = NONE;
    this.size = 0;
    this.plan.clear();
  }

  /** The first datagram of this batch to the client of this one; or this one, when no such is remembered. */
  private clientOf(at: number, lowPortOctet: number): number {
    const slot = lowPortOctet % BATCH_SIZE;
    const known = this.clients[slot];
    if (known !== NONE && this.isSameAddress(known, at)) return known;
    this.clients[slot] = at;
    return at;
  }

  private isSameAddress(one: number, other: number): boolean {
    const { words, nameOctets } = this;
    if (nameOctets[one] !== nameOctets[other]) return false;
    const oneAt = ADDRESSES / 4 + one * ADDRESS_WORDS;
    const otherAt = ADDRESSES / 4 + other * ADDRESS_WORDS;
    for (let i = nameOctets[one] / 4 - 1; i >= 0; i--)
      if (words[oneAt + i] !== words[otherAt + i]) return false;
    return true;
  }

  private layOutMessages(): void {
    const { plan } = this;
    let iovec = 0;
    for (let message = 0; message < plan.messages; message++) {
      const first = plan.first[message];
      const count = plan.counts[message];
      this.layOutHeader(message, first, iovec, count);
      if (count > 1) this.layOutSegmentSize(message, plan.sizes[message]);
      for (let at = first; at !== NONE; at = plan.next[at]) this.layOutIovec(iovec++, at);
    }
  }

  private layOutHeader(message: number, datagram: number, iovec: number, count: number): void {
    const { words } = this;
    const header = message * MMSGHDR_WORDS;
    copyPointer(this.addressPointers, datagram, words, header + NAME);
    words[header + NAME_LENGTH] = this.nameOctets[datagram];
    copyPointer(this.iovecPointers, iovec, words, header + IOV);
    words[header + IOV_COUNT] = count;
    copyPointer(this.controlPointers, datagram, words, header + CONTROL);
    words[header + CONTROL_LENGTH] = this.controlOctets[datagram];
  }

  private layOutSegmentSize(message: number, octets: number): void {
    const { words } = this;
    const header = message * MMSGHDR_WORDS;
    copyPointer(this.segmentPointers, message, words, header + CONTROL);
    words[header + CONTROL_LENGTH] = SEGMENT_CONTROL_OCTETS;
    writeSegmentSize(this.segments[message], octets);
  }

  private layOutIovec(iovec: number, datagram: number): void {
    const { words } = this;
    const at = IOVECS / 4 + iovec * IOVEC_WORDS;
    copyPointer(this.bufferPointers, datagram, words, at);
    words[at + IOVEC_LENGTH] = this.lengths[datagram];
  }

  /**
   * Sends the datagrams of a message that cannot be cut one by one, and joins none from now on.
   * @returns how many datagrams were refused
   */
  private sendSingly(fd: number, message: number): number {
    this.joins = false;
    const { plan, libc } = this;
    const vector = this.vector + message * MMSGHDR_OCTETS;
    let refused = 0;
    // The places of later messages stay as they are: one header and one iovec are used again and again.
    const iovec = this.iovecOf(message);
    for (let at = plan.first[message]; at !== NONE; at = plan.next[at]) {
      this.layOutIovec(iovec, at);
      this.layOutHeader(message, at, iovec, 1);
      while (libc.sendmmsg(fd, vector, 1, MSG_DONTWAIT) < 1) {
        const errno = libc.errno();
        if (errno === EINTR) continue;
        this.errno = errno;
        refused++;
        break;
      }
    }
    return refused;
  }

  /** The first iovec of a message. */
  private iovecOf(message: number): number {
    let iovec = 0;
    for (let i = 0; i < message; i++) iovec += this.plan.counts[i];
    return iovec;
  }
}

/** Plain arrays and no Buffers: `slice` of these copies. */
function cut(octets: Uint8Array, start: number, size: number): readonly Uint8Array[] {
  const { buffer, byteOffset } = octets;
  return Array.from(
    { length: BATCH_SIZE },
    (_, index) => new Uint8Array(buffer, byteOffset + start + index * size, size),
  );
}

/** The machine's addresses of BATCH_SIZE things of `size` octets: low and high word of each. */
function pointers(base: bigint, start: number, size: number): Uint32Array {
  const view = new BigUint64Array(BATCH_SIZE);
  for (let index = 0; index < BATCH_SIZE; index++) view[index] = base + BigInt(start + index * size);
  return new Uint32Array(view.buffer);
}

function copyPointer(from: Uint32Array, index: number, to: Uint32Array, word: number): void {
  to[word] = from[index * 2];
  to[word + 1] = from[index * 2 + 1];
}
