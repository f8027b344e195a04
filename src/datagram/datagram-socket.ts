/** A UDP socket made with the C library: bound, non-blocking, with big buffers. */
import type { Libc } from './libc.ts';
import { SOL_SOCKET, SO_RCVBUF, SO_REUSEPORT, SO_SNDBUF, setSocketOption } from './socket-option.ts';
import { MAX_ADDRESS_OCTETS, isIpv6Address, portOf, socketAddress } from './socket-address.ts';
import { systemError } from './system-error.ts';

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;

/** Wished for: a burst of about 4,000 small queries. Without CAP_NET_ADMIN the kernel gives what `net.core.rmem_max` allows. */
const BUFFER_OCTETS = 4 * 1024 * 1024;

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export interface DatagramSocket {
  readonly fd: number;
  readonly port: number;
  /** Bound to all addresses: the one that was asked is told with each datagram. */
  readonly wildcard: boolean;
}

/**
 * @param scopeId the number of the interface, for a link-local address
 * @param reusePort whether other sockets of this user that ask for the same may be bound beside it
 * @throws Error with the system's `code`, such as EADDRINUSE
 */
export function openDatagramSocket(
  libc: Libc,
  address: string,
  port: number,
  scopeId: number,
  reusePort: boolean,
): DatagramSocket {
  const bare = address.split('%', 1)[0];
  const local = socketAddress(bare, port, scopeId);
  const fd = libc.socket(local[0], SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemError(libc.errno(), 'socket');
  const wildcard = WILDCARDS.has(bare);
  setOptions(libc, fd, isIpv6Address(local), wildcard, reusePort);
  if (libc.bind(fd, local, local.length) < 0) {
    const error = systemError(libc.errno(), 'bind');
    libc.close(fd);
    throw error;
  }
  return { fd, port: port === 0 ? portOf(boundAddress(libc, fd)) : port, wildcard };
}

/**
 * Has the kernel give new datagrams to the other sockets of a shared port: a connected socket gets those of its peer alone, and this one
 * becomes its own peer. What waits in it can still be read, and answers go to whom they are for.
 */
export function leavePort(libc: Libc, { fd }: DatagramSocket): void {
  const own = boundAddress(libc, fd);
  libc.connect(fd, own, own.length);
}

function setOptions(libc: Libc, fd: number, ipv6: boolean, wildcard: boolean, reusePort: boolean): void {
  const set = (level: number, option: number, value: number): boolean =>
    setSocketOption(libc, fd, level, option, value);
  if (ipv6) set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (reusePort) set(SOL_SOCKET, SO_REUSEPORT, 1);
  if (wildcard) set(ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1);
  if (!set(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_OCTETS)) set(SOL_SOCKET, SO_RCVBUF, BUFFER_OCTETS);
  if (!set(SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_OCTETS)) set(SOL_SOCKET, SO_SNDBUF, BUFFER_OCTETS);
}

function boundAddress(libc: Libc, fd: number): Buffer {
  const address = Buffer.alloc(MAX_ADDRESS_OCTETS);
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(address.length);
  libc.getsockname(fd, address, octets);
  return address;
}
