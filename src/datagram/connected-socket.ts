/**
 * A UDP socket made with the C library that is connected to one peer: the kernel lets in only what comes from there, and tells of the
 * peer's ICMP errors. Its port is the kernel's choice.
 */
import type { Libc } from './libc.ts';
import { splitScope } from './scope-id.ts';
import { MAX_ADDRESS_OCTETS, ipTextOf, portOf, socketAddress } from './socket-address.ts';
import { systemError } from './system-error.ts';

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

export interface ConnectedSocket {
  readonly fd: number;
  readonly localAddress: string;
  readonly localPort: number;
}

export interface Peer {
  /** An IP address; a link-local one with its interface. */
  readonly host: string;
  readonly port: number;
  /** The IP address to send from; the route decides without one. */
  readonly sourceAddress: string | undefined;
}

/** @throws Error with the system's `code` and `syscall`; RangeError for text that is no IP address */
export function openConnectedSocket(libc: Libc, { host, port, sourceAddress }: Peer): ConnectedSocket {
  const peer = addressOf(host, port);
  const source = sourceAddress === undefined ? undefined : addressOf(sourceAddress, 0);
  const fd = libc.socket(peer[0], SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemError(libc.errno(), 'socket');
  if (source !== undefined && libc.bind(fd, source, source.length) < 0) throw failed(libc, fd, 'bind');
  if (libc.connect(fd, peer, peer.length) < 0) throw failed(libc, fd, 'connect');
  const local = Buffer.alloc(MAX_ADDRESS_OCTETS);
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(local.length);
  if (libc.getsockname(fd, local, octets) < 0) throw failed(libc, fd, 'getsockname');
  return { fd, localAddress: ipTextOf(local), localPort: portOf(local) };
}

function addressOf(host: string, port: number): Uint8Array {
  const { bare, scopeId } = splitScope(host);
  return socketAddress(bare, port, scopeId);
}

function failed(libc: Libc, fd: number, syscall: string): Error {
  const error = systemError(libc.errno(), syscall);
  libc.close(fd);
  return error;
}
