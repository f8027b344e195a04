/**
 * Has the kernel end a connection whose peer is gone without a word (RFC 5482, RFC 1122 section 4.2.3.6): one on which nobody acknowledges
 * anything for a second, and one without queries whose peer does not answer a probe, in two. Otherwise a query would be the first to find out. A path
 * that is away for a second ends them too; their queries are asked on others.
 */
import type { Socket } from 'node:net';
import { descriptorOf } from '../datagram/descriptor-of.ts';
import { loadedLibc } from '../datagram/libc.ts';
import { setSocketOption } from '../datagram/socket-option.ts';

/** After how long without anything from the peer it is probed; Node has it probed again each second, ten times. */
const KEEPALIVE_DELAY_MS = 1_000;
/** Octets and probes that nobody has acknowledged for so long end the connection. For octets the system's own measure is 15 minutes. */
const UNACKNOWLEDGED_MS = 1_000;

const IPPROTO_TCP = 6;
const TCP_USER_TIMEOUT = 18;

/** For a connection that is open. Without the C library it takes the ten probes, or the system's own measure. */
export function noticeDeadPeer(socket: Socket): void {
  socket.setKeepAlive(true, KEEPALIVE_DELAY_MS);
  const libc = loadedLibc();
  const fd = descriptorOf(socket);
  if (libc !== undefined && fd >= 0) {
    setSocketOption(libc, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
  }
}
