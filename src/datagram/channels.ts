/**
 * How datagrams go to one peer and come back: a channel is a socket connected to it, so that the kernel lets in only what comes from its
 * address and port. There are two kinds, batched (`batch-channels.ts`) and one by one (`dgram-channels.ts`). What the datagrams say, and
 * how long a channel is used, is no business of theirs.
 */
import type { Peer } from './connected-socket.ts';

export interface DatagramChannel {
  /** Sends a datagram whose octets stay as they are for this turn of the event loop. Only after `opened`, and not after `close`. */
  send(message: Uint8Array): void;
  /** Closes at once; no event follows. */
  close(): void;
}

/** What becomes of a channel. The first event is `opened` or `failed`; nothing follows on `failed`. */
export interface ChannelEvents {
  /** @param localAddress from which, with `localPort`, datagrams leave. */
  opened(localAddress: string, localPort: number): void;
  /** @param datagram valid during the call. */
  received(datagram: Uint8Array): void;
  /** The system refused this datagram, and may take others. */
  sendFailed(message: Uint8Array, error: Error): void;
  /** The channel is of no more use. */
  failed(error: Error, during: 'dial' | 'read' | 'write'): void;
}

export interface DatagramChannels {
  /** Datagrams that one socket should get in a turn before the next gets some: more than one where they share a system call. */
  readonly group: number;
  /** Counts turns: with another number, what was sent before shares no system call with what comes. */
  readonly turn: number;
  /** Takes few datagrams in a turn of the event loop while `isSharing` says that others are waiting for their share of it. */
  shareTurns(isSharing: () => boolean): void;
  /** Opens a channel. An `opened` may come before it returns, a `failed` comes afterwards. */
  open(peer: Peer, events: ChannelEvents): DatagramChannel;
}
