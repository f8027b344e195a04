/**
 * Where answers over TCP are laid one behind the other, each behind its length, until they leave in one write (RFC 7766 section 8): the
 * system call is most of what an answer over TCP costs. All connections of a listener share the memory, since whoever puts answers in
 * sends them before it gives the turn away. When to send, and how much may wait for a client, is the connection's to decide.
 */
import type { Socket } from 'node:net';
import { writeUint16 } from '../wire/header.ts';

/** Two octets before each message (RFC 1035 section 4.2.2). */
const PREFIX_OCTETS = 2;
/**
 * Room for more than a turn's answers of the usual 100 octets. A connection whose client does not read keeps all of it, however little was put
 * in; so it is no larger.
 */
export const OUTBOX_OCTETS = 16 * 1024;

export class TcpOutbox {
  private usual: Uint8Array = Buffer.allocUnsafeSlow(OUTBOX_OCTETS);
  /** What is put into: `usual`, or memory that was made for one long message. */
  private memory = this.usual;
  private filled = 0;

  /**
   * Room for one more message, which counts once it has been `put`.
   *
   * @param octets it may have at most, up to 65,535 and an OPT
   * @param sent see `flush`; this is called where there is no room behind the others
   */
  room(octets: number, socket: Socket, sent: () => void): Uint8Array {
    if (this.filled + PREFIX_OCTETS + octets > this.memory.length) {
      this.flush(socket, sent);
      if (PREFIX_OCTETS + octets > OUTBOX_OCTETS)
        this.memory = Buffer.allocUnsafeSlow(PREFIX_OCTETS + octets);
    }
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
    const { memory, filled, usual } = this;
    if (filled === 0) return;
    this.filled = 0;
    this.memory = usual;
    if (!socket.writable) return;
    if (socket.writableLength > 0) {
      // Will wait behind others for long: no longer than it is.
      socket.write(Buffer.from(memory.subarray(0, filled)), sent);
      return;
    }
    socket.write(memory.subarray(0, filled), sent);
    // Not taken at once: the stream reads from this memory until it is.
    if (socket.writableLength === 0 || memory !== usual) return;
    this.usual = Buffer.allocUnsafeSlow(OUTBOX_OCTETS);
    this.memory = this.usual;
  }
}
