/** Channels over `node:dgram`: one datagram, one call. They work everywhere. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Peer } from './connected-socket.ts';
import type { ChannelEvents, DatagramChannel, DatagramChannels } from './channels.ts';

export const DGRAM_CHANNELS: DatagramChannels = {
  group: 1,
  turn: 0,
  shareTurns() {
    // Node takes a few for each socket, and asks nobody.
  },
  open: (peer, events) => new DgramChannel(peer, events),
};

class DgramChannel implements DatagramChannel {
  private readonly socket: Socket;
  private readonly events: ChannelEvents;
  private isOpen = false;
  private isClosed = false;

  constructor(peer: Peer, events: ChannelEvents) {
    this.events = events;
    this.socket = createSocket(isIPv6(peer.host) ? 'udp6' : 'udp4');
    this.socket.on('connect', () => this.opened());
    // A plain view of the datagram's own memory: `slice` of a Buffer would share what it should copy.
    this.socket.on('message', ({ buffer, byteOffset, length }) =>
      events.received(new Uint8Array(buffer, byteOffset, length)),
    );
    this.socket.on('error', (error) => this.fail(error, this.isOpen ? 'read' : 'dial'));
    if (peer.sourceAddress !== undefined) {
      this.socket.bind({ address: peer.sourceAddress, port: 0, exclusive: true });
    }
    this.socket.connect(peer.port, peer.host);
  }

  send(message: Uint8Array): void {
    this.socket.send(message, (error) => {
      if (error === null) return;
      // A refusal tells of datagrams sent before this one.
      if ('code' in error && error.code === 'ECONNREFUSED') this.fail(error, 'write');
      else if (!this.isClosed) this.events.sendFailed(message, error);
    });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket.close();
  }

  private opened(): void {
    if (this.isClosed) return;
    this.isOpen = true;
    const { address, port } = this.socket.address();
    this.events.opened(address, port);
  }

  private fail(error: Error, during: 'dial' | 'read' | 'write'): void {
    if (this.isClosed) return;
    this.close();
    this.events.failed(error, during);
  }
}
