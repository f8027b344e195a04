/**
 * How the kernel is told to cut a message into datagrams (`UDP_SEGMENT`, Linux 4.18), whether it can at all, and how it says that it cannot
 * on the way that a message goes. Which datagrams go together is decided in `segment-plan.ts` and `connected-outbox.ts`.
 *
 *     cmsghdr: length 8, level 4, type 4, then 16 bits: octets of each datagram but the last
 */
import type { Libc } from './libc.ts';
import { AF_INET } from './socket-address.ts';

const SOCK_DGRAM = 2;
const IPPROTO_UDP = 17;
const UDP_SEGMENT = 103;
const CMSG_OCTETS = 18;
const SIZE_OFFSET = 16;
/** Octets of the control data: the above with its padding. */
export const SEGMENT_CONTROL_OCTETS = 24;

const EIO = 5;
const EINVAL = 22;
const EMSGSIZE = 90;
const EOPNOTSUPP = 95;
const CANNOT_CUT: ReadonlySet<number> = new Set([EIO, EINVAL, EMSGSIZE, EOPNOTSUPP]);

/** Whether this kernel knows of it. One that does not would send messages uncut. */
export function cutsSegments(libc: Pick<Libc, 'socket' | 'setsockopt' | 'close'>): boolean {
  const fd = libc.socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return false;
  const zero = Buffer.alloc(4);
  const isKnown = libc.setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, zero, zero.length) === 0;
  libc.close(fd);
  return isKnown;
}

/**
 * Whether an error means that messages cannot be cut on this way: an interface without checksum offload, IPsec, a small MTU. Any other (a
 * full buffer, a firewall) would have met the datagrams one by one as well.
 */
export const cannotCut = (errno: number): boolean => CANNOT_CUT.has(errno);

/** Lays out control data that `writeSegmentSize` completes. */
export function layOutSegmentControl(control: Uint8Array): void {
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  view.setBigUint64(0, BigInt(CMSG_OCTETS), true);
  view.setUint32(8, IPPROTO_UDP, true);
  view.setUint32(12, UDP_SEGMENT, true);
}

/** @param octets of each datagram but the last */
export function writeSegmentSize(control: Uint8Array, octets: number): void {
  control[SIZE_OFFSET] = octets;
  control[SIZE_OFFSET + 1] = octets >>> 8;
}
