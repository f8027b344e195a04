/** Options of sockets that are a whole number (`setsockopt(2)`), and the numbers that Linux has for their level. */
import type { Libc } from './libc.ts';

export const SOL_SOCKET = 1;
/** Of `SOL_SOCKET`: octets that wait to be sent, and to be read; the kernel reckons with twice as much memory. */
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
/** Of `SOL_SOCKET`: other sockets of this user that have it too may be bound to overlapping addresses of the same port. */
export const SO_REUSEPORT = 15;

/** Of `SOL_SOCKET`: the number of the one interface whose packets it takes. Linux lets anybody set it once (5.7). */
export const SO_BINDTOIFINDEX = 62;

/** @returns whether the system took it. */
export function setSocketOption(
  libc: Pick<Libc, 'setsockopt'>,
  fd: number,
  level: number,
  option: number,
  value: number,
): boolean {
  const octets = Buffer.alloc(4);
  octets.writeInt32LE(value);
  return libc.setsockopt(fd, level, option, octets, octets.length) === 0;
}
