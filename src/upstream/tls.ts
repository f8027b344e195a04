/**
 * How to open a stream to an upstream over TLS (RFC 7858): TLS 1.2 at least, the certificate checked against the name that was configured
 * or else against the address, sessions resumed (RFC 7858 section 3.4), which saves the server its signature and us the chain. A session
 * is kept only from a handshake that was accepted, since resuming one skips the check of the name; and it is given up when a handshake with
 * it fails, but not when a connection breaks later: that is when many are opened anew.
 */
import type { TLSSocket } from 'node:tls';
import type { UpstreamAddress, UpstreamSettings } from './settings.ts';
import { noticeDeadPeer } from './dead-peer.ts';
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
  };
  let session: Buffer | undefined;
  const open = (ready: () => void): TLSSocket => {
    const socket = connect({ ...options, session });
    const forget = (): void => {
      session = undefined;
    };
    socket.once('error', forget);
    socket.once('secureConnect', () => {
      socket.off('error', forget);
      if (socket.getProtocol() === 'TLSv1.2') session = socket.getSession();
      // TLS 1.3 sends its tickets after the handshake.
      socket.on('session', (ticket) => {
        session = ticket;
      });
      noticeDeadPeer(socket);
      ready();
    });
    return socket;
  };
  return { proto: 'tcp-tls', host, port, open };
}
