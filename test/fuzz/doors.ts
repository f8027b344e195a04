/**
 * The two ways into a server for a batch of packets: each packet gets an id of its own, goes out, and its answer is waited for, if one is
 * due. Over TCP the stream is cut into pieces anywhere, and connections end in every way there is.
 */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Query } from '../../src/chain/query.ts';
import { accept } from '../../src/listen/accept.ts';
import { FrameReader, frame } from '../../src/wire/frames.ts';
import { QR, readFlags, readId, writeId } from '../../src/wire/header.ts';
import { checkReply } from './check-reply.ts';
import type { Random } from './random.ts';

/** What a stub resolver waits; a packet without an answer after that is a problem. */
const PATIENCE_MS = 5_000;
/** What this daemon sends over UDP at most, whatever the client takes. */
const OWN_UDP_LIMIT = 1232;
const TCP_LIMIT = 65_535;

export interface ExchangeResult {
  readonly answered: number;
  readonly problems: readonly string[];
}

/** What is due, by id. Ids are not used twice, so that a late or second answer is seen. */
class Ledger {
  answered = 0;
  readonly problems: string[] = [];
  private readonly limitOf: (udpSize: number) => number;
  private readonly due = new Map<number, Uint8Array>();
  private nextId = 1;
  private settle: (() => void) | undefined;

  constructor(limitOf: (udpSize: number) => number) {
    this.limitOf = limitOf;
  }

  /** Notes a packet that goes out, with an id written into it. A response and what has no header are due nothing. */
  add(packet: Uint8Array): void {
    if (packet.length < 2) return;
    const id = this.nextId;
    this.nextId = (this.nextId % 0xffff) + 1;
    writeId(packet, id);
    if (packet.length >= 12 && (readFlags(packet) & QR) === 0) this.due.set(id, packet);
  }

  take(reply: Uint8Array): void {
    const id = reply.length < 2 ? -1 : readId(reply);
    const packet = this.due.get(id);
    if (packet === undefined) {
      this.problems.push(`an answer that was not due: ${toHex(reply)}`);
      return;
    }
    this.due.delete(id);
    this.answered++;
    try {
      checkReply(this.asked(packet), reply);
    } catch (error) {
      this.problems.push(`${String(error)}; packet ${toHex(packet)}, reply ${toHex(reply)}`);
    }
    if (this.due.size === 0) this.settle?.();
  }

  /** Resolves when every answer is there; what is missing after a stub resolver's patience is a problem. */
  async wait(): Promise<void> {
    if (this.due.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        this.settle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.settle = undefined;
    for (const packet of this.due.values()) this.problems.push(`no answer to ${toHex(packet)}`);
    this.due.clear();
  }

  /** What came of the batch, for once. */
  result(): ExchangeResult {
    const { answered } = this;
    this.answered = 0;
    return { answered, problems: this.problems.splice(0) };
  }

  private asked(packet: Uint8Array): Parameters<typeof checkReply>[0] {
    const query = new Query();
    accept(query, packet, packet.length);
    const { hasOpt, dnssecOk, questionLength, udpSize } = query;
    return { packet, hasOpt, dnssecOk, questionLength, limit: this.limitOf(udpSize) };
  }
}

export interface Door {
  /** Sends the packets, ids written into them, and waits for what is due. */
  exchange(packets: readonly Uint8Array[], random: Random): Promise<ExchangeResult>;
  /** The answer to one query, or undefined. */
  ask(packet: Uint8Array): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

export class UdpDoor implements Door {
  private readonly socket: UdpSocket = createSocket('udp4');
  private readonly port: number;
  private readonly ledger = new Ledger((udpSize) => Math.min(udpSize, OWN_UDP_LIMIT));
  private last: Uint8Array | undefined;

  constructor(port: number) {
    this.port = port;
    this.socket.on('message', (reply) => {
      this.last = Uint8Array.from(reply);
      this.ledger.take(this.last);
    });
  }

  async exchange(packets: readonly Uint8Array[]): Promise<ExchangeResult> {
    for (const packet of packets) {
      this.ledger.add(packet);
      this.socket.send(packet, this.port, '127.0.0.1');
    }
    await this.ledger.wait();
    return this.ledger.result();
  }

  async ask(packet: Uint8Array): Promise<Uint8Array | undefined> {
    this.last = undefined;
    await this.exchange([packet]);
    return this.last;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(resolve));
  }
}

export class TcpDoor implements Door {
  private readonly port: number;
  private readonly ledger = new Ledger(() => TCP_LIMIT);
  private socket: Socket | undefined;
  private last: Uint8Array | undefined;

  constructor(port: number) {
    this.port = port;
  }

  async exchange(packets: readonly Uint8Array[], random: Random): Promise<ExchangeResult> {
    const socket = await this.connected();
    for (const packet of packets) this.ledger.add(packet);
    writePieces(socket, Buffer.concat(packets.map((packet) => frame(packet))), random);
    await this.ledger.wait();
    if (random.once(4)) await this.leave(random);
    return this.ledger.result();
  }

  async ask(packet: Uint8Array): Promise<Uint8Array | undefined> {
    const socket = await this.connected();
    this.last = undefined;
    this.ledger.add(packet);
    socket.write(frame(packet));
    await this.ledger.wait();
    return this.last;
  }

  async close(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    if (socket === undefined || socket.destroyed) return;
    socket.end();
    await once(socket, 'close');
  }

  private async connected(): Promise<Socket> {
    if (this.socket !== undefined && this.socket.writable) return this.socket;
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    const frames = new FrameReader();
    socket.on('data', (chunk) => frames.feed(chunk, (reply) => this.ledger.take((this.last = reply))));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    this.socket = socket;
    return socket;
  }

  /** Ends the connection in one of the ways in which clients end them; another one is made for the next batch. */
  private async leave(random: Random): Promise<void> {
    const { socket } = this;
    if (socket === undefined) return;
    const garbage = random.octets(random.below(300));
    // The length of a message that never comes, so that nothing of it is due an answer.
    garbage.set([0xff, 0xff].slice(0, garbage.length));
    socket.write(garbage);
    if (random.once(3)) return this.close();
    this.socket = undefined;
    if (random.once(2)) socket.resetAndDestroy();
    else socket.destroy();
  }
}

function writePieces(socket: Socket, stream: Uint8Array, random: Random): void {
  const largest = random.pick([3, 50, 2000, 100_000]);
  for (let offset = 0; offset < stream.length;) {
    const piece = stream.subarray(offset, offset + 1 + random.below(largest));
    offset += piece.length;
    socket.write(piece);
  }
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
