/**
 * One connection to a reader, from its opening to its end: the handshake, frames in one direction, and the farewell. Reconnecting, and what
 * becomes of frames that wait, is the owner's business.
 *
 *     opening ──connected──► asking ──ACCEPT──► ready ──close()──► leaving ──FINISH──► ended
 *        └──────────error, time, end of stream, or anything but Frame Streams──────────►
 */
import type { Socket } from 'node:net';
import { codeOf } from '../../base/error-message.ts';
import {
  CONTENT_TYPE,
  CONTROL_ACCEPT,
  CONTROL_FINISH,
  CONTROL_READY,
  CONTROL_START,
  CONTROL_STOP,
  ControlReader,
  controlFrame,
} from './control-frames.ts';
import type { ControlFrame } from './control-frames.ts';
import type { Dial } from './dial.ts';

/** For the connection and the handshake together, as CoreDNS has it. */
const HANDSHAKE_MS = 4_000;
/** How long the reader may take to say that it has everything. */
const FINISH_MS = 1_000;

export interface FrameStreamOwner {
  /** Frames may be written. */
  ready(): void;
  /** The connection is no more; told once, whatever the reason. */
  ended(reason: string): void;
}

export class FrameStream {
  private readonly owner: FrameStreamOwner;
  private readonly socket: Socket;
  private readonly reader = new ControlReader();
  private readonly over = Promise.withResolvers<void>();
  private state: 'opening' | 'asking' | 'ready' | 'leaving' | 'ended' = 'opening';
  private timer: NodeJS.Timeout;

  constructor(dial: Dial, owner: FrameStreamOwner) {
    this.owner = owner;
    this.timer = setTimeout(() => this.end('i/o timeout'), HANDSHAKE_MS);
    this.socket = dial(() => this.connected());
    this.socket.on('data', (octets) => this.received(octets));
    // Of several addresses that were tried, the error has no message of its own.
    this.socket.on('error', (error) => this.end(error.message || (codeOf(error) ?? error.name)));
    this.socket.on('end', () => this.end('the reader has closed the connection'));
    this.socket.on('close', () => this.end('the connection is closed'));
  }

  /** Octets that were written and have not left yet. */
  get waitingOctets(): number {
    return this.socket.writableLength;
  }

  /**
   * Sends whole frames. To be called while the stream is ready.
   * @param octets not to be touched before `done`, which is called once they have left, or never will
   */
  write(octets: Uint8Array, done: () => void): void {
    this.socket.write(octets, done);
  }

  /** Lets the reader know that nothing more comes, and waits until it has everything, but not for long. */
  async close(): Promise<void> {
    if (this.state !== 'ready') return this.end('closed');
    this.state = 'leaving';
    this.timer = setTimeout(() => this.end('the reader does not finish'), FINISH_MS);
    this.socket.write(controlFrame(CONTROL_STOP));
    await this.over.promise;
  }

  /** Gives the connection up at once. */
  abandon(reason: string): void {
    this.end(reason);
  }

  private connected(): void {
    if (this.state !== 'opening') return;
    this.state = 'asking';
    this.socket.write(controlFrame(CONTROL_READY, CONTENT_TYPE));
  }

  private received(octets: Uint8Array): void {
    const frames = this.reader.feed(octets);
    if (frames === undefined) return this.end('the other side does not speak Frame Streams');
    for (const frame of frames) this.take(frame);
  }

  private take({ type, contentTypes }: ControlFrame): void {
    if (this.state === 'asking' && type === CONTROL_ACCEPT) {
      const accepts = contentTypes.length === 0 || contentTypes.includes(CONTENT_TYPE);
      if (!accepts) return this.end(`the reader takes ${contentTypes.join(', ')}, and no ${CONTENT_TYPE}`);
      clearTimeout(this.timer);
      this.state = 'ready';
      this.socket.write(controlFrame(CONTROL_START, CONTENT_TYPE));
      return this.owner.ready();
    }
    if (this.state === 'leaving' && type === CONTROL_FINISH) return this.end('finished');
    this.end(`the reader has sent control frame ${type} out of turn`);
  }

  private end(reason: string): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    clearTimeout(this.timer);
    this.socket.destroy();
    this.over.resolve();
    this.owner.ended(reason);
  }
}
