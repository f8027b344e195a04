/** How to open a stream to an upstream, and how over plain TCP. What goes over the stream is `TcpConnection`'s, which is the same for TLS. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A peer that vanished while a connection was idle is found out after this and the system's own retries. */
export const KEEPALIVE_DELAY_MS = 15_000;

export interface StreamConnector {
  /** As in the `proto` label of the metrics. */
  readonly proto: 'tcp' | 'tcp-tls';
  /** IP literal. */
  readonly host: string;
  readonly port: number;
  /** Begins to connect; calls `ready` when messages can be sent. A failure is the socket's 'error' event. */
  open(ready: () => void): Socket;
}

/** @param sourceAddress the IP address to connect from; the system's choice when undefined */
export function tcpConnector(host: string, port: number, sourceAddress: string | undefined): StreamConnector {
  const options = {
    host,
    port,
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_DELAY_MS,
  };
  return { proto: 'tcp', host, port, open: (ready) => connect(options, ready) };
}
