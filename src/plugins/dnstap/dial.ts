/** How a connection to a reader is opened: a socket of the file system, TCP, or TLS 1.2 at least with the reader's certificate checked. */
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { TapOptions } from './options.ts';

/** Opens a connection; `ready` is called when octets can pass. Errors come as events of the socket. */
export type Dial = (ready: () => void) => Socket;

/** Soon enough to find that a reader's host is gone. */
const KEEPALIVE_DELAY_MS = 30_000;

export function dialer({ endpoint, skipVerify }: Pick<TapOptions, 'endpoint' | 'skipVerify'>): Dial {
  if (endpoint.kind === 'unix') {
    const { path } = endpoint;
    return (ready) => connect({ path }, ready);
  }
  const { host, port } = endpoint;
  const kept = { host, port, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_DELAY_MS };
  if (endpoint.kind === 'tcp') return (ready) => connect(kept, ready);
  // Loaded for those who use it: 4 MiB.
  const tls = process.getBuiltinModule('node:tls');
  const secureContext = tls.createSecureContext({
    // As a program in Go has it: what the machine trusts. Read once, and not where nothing is checked.
    ...(skipVerify ? {} : { ca: [...tls.getCACertificates('default'), ...tls.getCACertificates('system')] }),
    minVersion: 'TLSv1.2',
  });
  const options = {
    ...kept,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext,
    rejectUnauthorized: !skipVerify,
  };
  return (ready) => tls.connect(options, ready);
}
