/**
 * A client with a UDP socket of its own: sends octets as they are, and gives what comes back from the server it is for. It neither asks
 * again nor over TCP; what is lost stays lost.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { readId } from '../../src/wire/header.ts';
import { atTestEnd } from './at-test-end.ts';

export interface Target {
  /** `127.0.0.1` unless given. */
  readonly host?: string;
  readonly port: number;
  /** The address that the client has: any of 127.0.0.0/8, so that there may be many clients. The system's choice unless given. */
  readonly from?: string;
}

const ANSWER_TIMEOUT_MS = 8_000;

export class UdpClient {
  /** Everything that came, in order. */
  readonly received: Buffer[] = [];
  private readonly socket: Socket;
  private readonly waiting = new Map<number, (message: Buffer) => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (message) => {
      this.received.push(message);
      const id = message.length < 2 ? -1 : readId(message);
      const settle = this.waiting.get(id);
      this.waiting.delete(id);
      settle?.(message);
    });
    // A port that is closed: whoever waits for an answer is told by the time that it takes.
    socket.on('error', () => undefined);
  }

  /** Open until the end of the test that it was opened in, or of the process when it was no test. */
  static async open({ host = '127.0.0.1', port, from }: Target): Promise<UdpClient> {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    if (from !== undefined) await new Promise<void>((resolve) => socket.bind({ address: from }, resolve));
    await new Promise<void>((resolve) => socket.connect(port, host, resolve));
    atTestEnd(() => void socket.close());
    socket.unref();
    return new UdpClient(socket);
  }

  /** The port of ours. */
  get port(): number {
    return this.socket.address().port;
  }

  send(message: Uint8Array): void {
    this.socket.send(message);
  }

  /**
   * The first answer with the id of this message.
   *
   * @throws {Error} after 8 s
   */
  ask(message: Uint8Array, timeoutMs: number = ANSWER_TIMEOUT_MS): Promise<Buffer> {
    const id = readId(message);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`no answer to query ${id} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.send(message);
    });
  }
}
