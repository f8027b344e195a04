/**
 * A client with one TCP connection: writes octets as and when the test says, and cuts what comes back into messages. For what tools do
 * not do: many queries in one write, a write for each octet, closing one side early.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { atTestEnd } from './at-test-end.ts';
import type { Target } from './udp-client.ts';

const ANSWER_TIMEOUT_MS = 8_000;

/** A message behind its two octets of length (RFC 1035 section 4.2.2). */
export const framed = (message: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(message.length >>> 8, message.length & 0xff), message]);

export class TcpClient {
  /** Every message that came, in order. */
  readonly received: Buffer[] = [];
  /** Resolves when the server has closed its side, or the connection is gone. */
  readonly ended: Promise<void>;
  private readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);
  private readonly waiters = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      socket.once('end', resolve);
      socket.once('close', () => resolve());
    });
  }

  /** Open until the end of the test that it was opened in, or of the process when it was no test. */
  static async open({ host = '127.0.0.1', port, from }: Target): Promise<TcpClient> {
    const local = from === undefined ? {} : { localAddress: from };
    const socket = connect({ host, port, ...local, noDelay: true, allowHalfOpen: true });
    atTestEnd(() => void socket.destroy());
    await once(socket, 'connect');
    socket.unref();
    return new TcpClient(socket);
  }

  /** The port of ours, while it is open. */
  get port(): number {
    return this.socket.localPort ?? 0;
  }

  write(octets: Uint8Array): void {
    this.socket.write(octets);
  }

  /** Each octet in a segment of its own. */
  async writeOctetByOctet(octets: Uint8Array): Promise<void> {
    for (const octet of octets) {
      this.socket.write(Uint8Array.of(octet));
      await nextTurn();
    }
  }

  /** What comes stays with the kernel, as far as it has room, until `resumeReading`. */
  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  /** Closes our side; answers still come. */
  closeOurSide(): void {
    this.socket.end();
  }

  /**
   * The messages so far, as soon as there are `count`.
   *
   * @throws {Error} after 8 s
   */
  async waitForMessages(count: number): Promise<readonly Buffer[]> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    while (this.received.length < count) {
      await new Promise<void>((resolve, reject) => {
        this.waiters.add(resolve);
        signal.addEventListener('abort', () =>
          reject(new Error(`${this.received.length} of ${count} messages within ${ANSWER_TIMEOUT_MS} ms`)),
        );
      });
    }
    return this.received;
  }

  private take(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 2 && this.rest.length >= 2 + this.rest.readUInt16BE(0)) {
      const end = 2 + this.rest.readUInt16BE(0);
      this.received.push(this.rest.subarray(2, end));
      this.rest = this.rest.subarray(end);
    }
    for (const wake of this.waiters) wake();
    this.waiters.clear();
  }
}
