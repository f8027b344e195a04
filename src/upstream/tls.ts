/**
 * How to open a stream to an upstream over TLS (RFC 7858): TLS 1.2 at least, the certificate checked against the name that was configured
 * or else against the address, sessions resumed. A session is kept only from a handshake that was accepted, since resuming one skips
 * the check of the name.
 */
import type { TLSSocket } from 'node:tls';
import type { UpstreamAddress, UpstreamSettings } from './settings.ts';
import { KEEPALIVE_DELAY_MS } from './tcp.ts';
import type { StreamConnector } from './tcp.ts';

/** @throws Error of node:tls for a certificate, key or authority that cannot be read. */
export function tlsConnector(address: UpstreamAddress, settings: UpstreamSettings): StreamConnector {
  // Loaded for those who use it: 4 MiB.
  const { connect, createSecureContext } = process.getBuiltinModule('node:tls');
  const { host, port } = address;
  const { cert, key, ca, serverName } = settings.tls ?? {};
  const name = address.serverName ?? serverName;
  const options = {
    host,
    port,
    ...(settings.sourceAddress === undefined ? {} : { localAddress: settings.sourceAddress }),
    ...(name === undefined || name === '' ? {} : { servername: name }),
    secureContext: createSecureContext({ cert, key, ca, minVersion: 'TLSv1.2' }),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_DELAY_MS,
  };
  let session: Buffer | undefined;
  const open = (ready: () => void): TLSSocket => {
    const socket = connect({ ...options, session });
    socket.once('error', () => {
      session = undefined;
    });
    socket.once('secureConnect', () => {
      if (socket.getProtocol() === 'TLSv1.2') session = socket.getSession();
      // TLS 1.3 sends its tickets after the handshake.
      socket.on('session', (ticket) => {
        session = ticket;
      });
      ready();
    });
    return socket;
  };
  return { proto: 'tcp-tls', host, port, open };
}
