/** A socket that could not be had, in the words that an operator needs: what was asked for, why not, and who holds it. */
import { findPortHolder } from '../base/port-holder.ts';

export class ListenError extends Error {
  /** The system's code, such as EADDRINUSE, EADDRNOTAVAIL, EACCES or EAFNOSUPPORT. */
  readonly code: string;
  readonly address: string;

  constructor(protocol: 'udp' | 'tcp', address: string, port: number, cause: NodeJS.ErrnoException) {
    super(describe(protocol, address, port, cause), { cause });
    this.name = 'ListenError';
    this.code = cause.code ?? 'UNKNOWN';
    this.address = address;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'no interface of this host has this address',
  EACCES: 'permission denied (ports below 1024 need CAP_NET_BIND_SERVICE)',
  EAFNOSUPPORT: 'address family not supported by this host',
};

function describe(
  protocol: 'udp' | 'tcp',
  address: string,
  port: number,
  cause: NodeJS.ErrnoException,
): string {
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const reason = REASONS[cause.code ?? ''] ?? cause.message;
  const holder = cause.code === 'EADDRINUSE' ? findPortHolder(protocol, port) : undefined;
  const held = holder === undefined ? '' : `, held by ${holder}`;
  return `Listen: listen ${protocol} ${where}: bind: ${reason}${held}`;
}
