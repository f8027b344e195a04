/**
 * Where answers over TCP are laid one behind the other, each behind its length, until they leave in one write (RFC 7766 section 8): the
 * system call is most of what an answer over TCP costs. All connections of a listener share the memory, since whoever puts answers in
 * sends them before it gives the turn away. When to send, and how much may wait for a client, is the connection's to decide.
 */
import type { Socket } from 'node:net';
import { writeUint16 } from '../wire/header.ts';

/** Two octets before each message (RFC 1035 section 4.2.2). */
const PREFIX_OCTETS = 2;
/** Room for the longest message of all, and for many of the usual 100 octets. */
const OUTBOX_OCTETS = 128 * 1024;

export class TcpOutbox {
  private memory: Uint8Array = Buffer.allocUnsafeSlow(OUTBOX_OCTETS);
  private filled = 0;

  /**
   * Room for one more message, which counts once it has been `put`.
   *
   * @param octets it may have at most, up to 65,535 and an OPT
   * @param sent see `flush`; this is called where there is no room behind the others
   */
  room(octets: number, socket: Socket, sent: () => void): Uint8Array {
    if (this.filled + PREFIX_OCTETS + octets > OUTBOX_OCTETS) this.flush(socket, sent);
    const start = this.filled + PREFIX_OCTETS;
    return new Uint8Array(this.memory.buffer, start, octets);
  }

  /** The message in the room that was given last is whole, and so long. */
  put(octets: number): void {
    writeUint16(this.memory, this.filled, octets);
    this.filled += PREFIX_OCTETS + octets;
  }

  /**
   * Writes what has been put, or forgets it where the client is gone.
   *
   * @param sent is called when the kernel has taken all of it
   */
  flush(socket: Socket, sent: () => void): void {
    const { memory, filled } = this;
    if (filled === 0) return;
    this.filled = 0;
    if (!socket.writable) return;
    if (socket.writableLength > 0) {
      // Will wait behind others for long: no longer than it is.
      socket.write(Buffer.from(memory.subarray(0, filled)), sent);
      return;
    }
    socket.write(memory.subarray(0, filled), sent);
    // Not taken at once: the stream reads from this memory until it is.
    if (socket.writableLength > 0) this.memory = Buffer.allocUnsafeSlow(OUTBOX_OCTETS);
  }
}
