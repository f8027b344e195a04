/**
 * A resolver that knows the zones of `zone.ts` and can be told to misbehave: UDP and TCP on one port of loopback. What it says when well is
 * the truth; forged records that it adds carry addresses which no zone has, so that they are known wherever they come out again.
 */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { FrameReader, frame } from '../../src/wire/frames.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import type { Random } from '../fuzz/random.ts';
import { liesAbout } from './lies.ts';
import { honestAnswer, readQuestion, refusal } from './upstream-answer.ts';
import type { Question } from './upstream-answer.ts';

export type Mode =
  | 'well'
  /** Nobody listens, and connections are reset. */
  | 'killed'
  /** Connections are accepted and datagrams taken, and nothing is said. */
  | 'black hole'
  /** Connections that are open are dead and nobody is told; new ones are good. */
  | 'half-open'
  /** Each answer takes 0.1 to 3 s. */
  | 'slow'
  | 'SERVFAIL'
  | 'REFUSED'
  /** Over UDP every answer is cut to nothing. */
  | 'truncating'
  /** Forgeries come in front of the answer. */
  | 'lying'
  /** Connections end in the middle of an answer; datagrams are cut, and whole ones follow. */
  | 'cutting'
  /** Answers come octet by octet. */
  | 'dribbling';

/** How octets go back to who asked. */
interface Way {
  readonly transport: 'udp' | 'tcp';
  send(octets: Uint8Array): void;
  /** The same from a port that was not asked; over TCP nothing. */
  sendFromElsewhere(octets: Uint8Array): void;
  /** Half of it, and the end of the connection; over UDP half of it. */
  sendHalf(octets: Uint8Array): void;
  dribble(octets: Uint8Array): void;
}

const SLOW_MS = { least: 100, most: 3_000 };
const BIND_PAUSE_MS = 20;
const SERVFAIL = 2;
const REFUSED = 5;

export class Upstream {
  readonly port: number;
  private readonly random: Random;
  private mode: Mode = 'well';
  private udp: UdpSocket | undefined;
  private tcp: Server | undefined;
  private readonly elsewhere = createSocket('udp4');
  private readonly open = new Set<Socket>();
  private readonly query = new QueryMessage();

  constructor(port: number, random: Random) {
    this.port = port;
    this.random = random;
  }

  /** Resolves when it is so: when it listens, or does not. */
  async become(mode: Mode): Promise<void> {
    this.mode = mode;
    if (mode === 'killed') return this.die();
    if (mode === 'half-open') for (const socket of this.open) socket.removeAllListeners('data').pause();
    await this.listen();
  }

  private die(): void {
    this.udp?.close();
    this.tcp?.close();
    this.udp = this.tcp = undefined;
    for (const socket of this.open) socket.resetAndDestroy();
  }

  private async listen(): Promise<void> {
    while (this.tcp === undefined || this.udp === undefined) {
      try {
        this.tcp ??= await this.listenTcp();
        this.udp ??= await this.listenUdp();
      } catch {
        // Somebody else has the port for a moment.
        await delay(BIND_PAUSE_MS);
      }
    }
  }

  private async listenTcp(): Promise<Server> {
    const server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  private async listenUdp(): Promise<UdpSocket> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    socket.on('message', (message, { port }) => {
      const send = (octets: Uint8Array): void => {
        if (this.udp === socket) socket.send(octets, port, '127.0.0.1');
      };
      this.received(message, {
        transport: 'udp',
        send,
        sendFromElsewhere: (octets) => this.elsewhere.send(octets, port, '127.0.0.1'),
        sendHalf: (octets) => {
          send(octets.subarray(0, octets.length >>> 1));
          send(octets);
        },
        dribble: send,
      });
    });
    socket.bind(this.port, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('error', () => undefined);
    return socket;
  }

  private accept(socket: Socket): void {
    this.open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.open.delete(socket));
    const frames = new FrameReader();
    let sent = Promise.resolve();
    const inTurn = (write: () => void | Promise<void>): void => {
      sent = sent.then(write);
    };
    const way: Way = {
      transport: 'tcp',
      send: (octets) => inTurn(() => void socket.write(frame(octets))),
      sendFromElsewhere: () => undefined,
      sendHalf: (octets) =>
        inTurn(() => {
          socket.write(frame(octets).subarray(0, octets.length >>> 1), () => socket.destroy());
        }),
      dribble: (octets) => inTurn(() => dribble(socket, frame(octets))),
    };
    socket.on('data', (chunk) => frames.feed(chunk, (message) => this.received(message, way)));
  }

  private received(message: Uint8Array, way: Way): void {
    const question = readQuestion(this.query, message);
    if (question === undefined || this.mode === 'black hole') return;
    if (this.mode === 'slow') {
      const ms = SLOW_MS.least + this.random.below(SLOW_MS.most - SLOW_MS.least);
      setTimeout(() => way.send(honestAnswer(question, way.transport)), ms);
      return;
    }
    this.answer(question, way);
  }

  private answer(question: Question, way: Way): void {
    const honest = (): Uint8Array => honestAnswer(question, way.transport);
    switch (this.mode) {
      case 'SERVFAIL':
        return way.send(refusal(question, SERVFAIL));
      case 'REFUSED':
        return way.send(refusal(question, REFUSED));
      case 'truncating':
        return way.send(way.transport === 'udp' ? refusal(question, 0, true) : honest());
      case 'lying':
        return this.lie(question, way);
      case 'cutting':
        return this.random.once(2) ? way.sendHalf(honest()) : way.send(honest());
      case 'dribbling':
        return way.dribble(honest());
      default:
        return way.send(honest());
    }
  }

  /** Up to four forgeries, and the truth; now and then nothing but forgeries. */
  private lie(question: Question, way: Way): void {
    for (let left = this.random.below(5); left > 0; left--) {
      const { octets, elsewhere } = liesAbout(question, this.random, way.transport);
      if (elsewhere) way.sendFromElsewhere(octets);
      else way.send(octets);
    }
    if (!this.random.once(10)) way.send(honestAnswer(question, way.transport, this.random.once(3)));
  }
}

async function dribble(socket: Socket, octets: Uint8Array): Promise<void> {
  for (const octet of octets) {
    if (socket.destroyed) return;
    socket.write(Uint8Array.of(octet));
    await nextTurn();
  }
}
