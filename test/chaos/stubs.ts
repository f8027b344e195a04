/**
 * The two ways in which pods ask: a UDP socket that several questions share, and a TCP connection that carries many. Neither asks twice. A
 * question without an answer after a resolver's patience is lost, as is one whose connection ends. An answer that nobody can have asked for,
 * or that comes twice, is told to who opened the stub.
 */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FrameReader, frame } from '../../src/wire/frames.ts';
import { readId } from '../../src/wire/header.ts';

export interface Stub {
  /** Whether questions can be asked on it. */
  readonly usable: boolean;
  /** The answer, or why there is none: at once where it has ended. Ids of questions that wait differ. */
  ask(packet: Uint8Array): Promise<Uint8Array | string>;
  close(): void;
}

/** glibc's. */
export const PATIENCE_MS = 5_000;

/** Who waits for what. */
class Waiting {
  private readonly settles = new Map<number, (answer: Uint8Array | string) => void>();
  /** Of questions that are lost: their answers may still come. */
  private readonly lost = new Set<number>();
  private readonly strange: (answer: Uint8Array) => void;
  private ended: string | undefined;

  constructor(strange: (answer: Uint8Array) => void) {
    this.strange = strange;
  }

  for(packet: Uint8Array): Promise<Uint8Array | string> {
    // Nobody is there who could be silent.
    if (this.ended !== undefined) return Promise.resolve(this.ended);
    const id = readId(packet);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.lost.add(id);
        settle('silence');
      }, PATIENCE_MS);
      const settle = (answer: Uint8Array | string): void => {
        clearTimeout(timer);
        this.settles.delete(id);
        resolve(answer);
      };
      this.settles.set(id, settle);
    });
  }

  take(answer: Uint8Array): void {
    const id = answer.length < 2 ? -1 : readId(answer);
    const settle = this.settles.get(id);
    if (settle !== undefined) settle(answer);
    else if (!this.lost.delete(id)) this.strange(answer);
  }

  end(why: string): void {
    this.ended = why;
    for (const settle of this.settles.values()) settle(why);
  }
}

export class UdpStub implements Stub {
  readonly usable = true;
  private readonly socket: UdpSocket;
  private readonly waiting: Waiting;

  private constructor(socket: UdpSocket, strange: (answer: Uint8Array) => void) {
    this.socket = socket;
    this.waiting = new Waiting(strange);
    socket.on('message', (answer) => this.waiting.take(Uint8Array.from(answer)));
    socket.on('error', () => undefined);
  }

  static async open(port: number, strange: (answer: Uint8Array) => void): Promise<UdpStub> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
    return new UdpStub(socket, strange);
  }

  ask(packet: Uint8Array): Promise<Uint8Array | string> {
    const answer = this.waiting.for(packet);
    this.socket.send(packet);
    return answer;
  }

  close(): void {
    this.socket.close();
  }
}

export class TcpStub implements Stub {
  private readonly socket: Socket;
  private readonly waiting: Waiting;

  private constructor(socket: Socket, strange: (answer: Uint8Array) => void) {
    this.socket = socket;
    this.waiting = new Waiting(strange);
    const frames = new FrameReader();
    socket.on('data', (chunk) => frames.feed(chunk, (answer) => this.waiting.take(Uint8Array.from(answer))));
    socket.on('close', () => this.waiting.end('the connection ended'));
  }

  get usable(): boolean {
    return this.socket.writable && !this.socket.readableEnded;
  }

  /** Undefined when it does not open within a resolver's patience. */
  static async open(port: number, strange: (answer: Uint8Array) => void): Promise<TcpStub | undefined> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', () => undefined);
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) });
      return new TcpStub(socket, strange);
    } catch {
      socket.destroy();
      return undefined;
    }
  }

  ask(packet: Uint8Array): Promise<Uint8Array | string> {
    const answer = this.waiting.for(packet);
    this.socket.write(frame(packet));
    return answer;
  }

  /** No more questions; answers still come. */
  closeOurSide(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }
}
