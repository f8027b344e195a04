/** How much the kernel holds of each TCP connection of a client. */
import type { Server } from 'node:net';
import { descriptorOf } from '../datagram/descriptor-of.ts';
import type { Libc } from '../datagram/libc.ts';
import { SOL_SOCKET, SO_RCVBUF, SO_SNDBUF, setSocketOption } from '../datagram/socket-option.ts';

/**
 * What the kernel takes from a client before it was read, and of answers before they were sent, each. Left to itself it goes up to 6 and 4 MB for
 * a connection, and a thousand clients that ask without end and read nothing have 40 million answers made before they stall.
 */
const BUFFER_OCTETS = 128 * 1024;

/** Connections have what the socket has that they come by. Where the system refuses, they have more. */
export function boundTcpBuffers(libc: Pick<Libc, 'setsockopt'>, server: Server): void {
  const fd = descriptorOf(server);
  for (const option of [SO_SNDBUF, SO_RCVBUF]) setSocketOption(libc, fd, SOL_SOCKET, option, BUFFER_OCTETS);
}
