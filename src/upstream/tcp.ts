/** How to open a stream to an upstream, and how over plain TCP. What goes over the stream is `TcpConnection`'s, which is the same for TLS. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { noticeDeadPeer } from './dead-peer.ts';

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
  };
  const open = (ready: () => void): Socket => {
    const socket = connect(options, () => {
      noticeDeadPeer(socket);
      ready();
    });
    return socket;
  };
  return { proto: 'tcp', host, port, open };
}
