/**
 * A DNS server for tests, over UDP and TCP on one free port of loopback, that does with each query what the test's script says and
 * remembers what it was asked. See `scripted-reply.ts` for what a script can say.
 *
 *     const upstream = await startScriptedUpstream(() => reply({ answers: ['@ 30 IN A 192.0.2.1'] }));
 *     …
 *     expect(await upstream.waitForQueries(1)).toMatchObject([{ name: 'example.org.', type: 'A' }]);
 *     await upstream.close();
 */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { TLSSocket, createServer as createTlsServer } from 'node:tls';
import { HEADER_OCTETS } from '../../src/wire/header.ts';
import { nameToText } from '../../src/wire/name.ts';
import { QueryMessage } from '../../src/wire/query.ts';
import { className, typeName } from '../../src/wire/registry.ts';
import type { ReceivedQuery, ScriptedAction } from './scripted-reply.ts';

export { closeConnection, drop, later, octets, reply, resetConnection, several } from './scripted-reply.ts';
export type { ReceivedQuery, ReplySpec, ScriptedAction } from './scripted-reply.ts';

export type Script = (query: ReceivedQuery) => ScriptedAction;

export interface ScriptedUpstreamOptions {
  /** `127.0.0.1` unless given. */
  host?: string;
  /** A free one unless given; to come back where another one was. */
  port?: number;
  /** Queries of one connection are answered strictly in order, each when the one before is done with: as CoreDNS does. */
  serialTcp?: boolean;
  /** Replies over TCP leave in pieces of so many octets. */
  tcpPieceOctets?: number;
  /** DNS over TLS in place of TCP, and no UDP. */
  tls?: {
    readonly key: string;
    readonly cert: string;
    /** Whose certificates a client has to have. */
    readonly ca?: string;
    readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  };
  /** Is told the number of each connection, from 1 on, before anything is read from it; may break it. */
  onConnection?: (connection: number) => void;
  /** False: nothing listens on UDP. */
  udp?: boolean;
  /** False: nothing listens on TCP. */
  tcp?: boolean;
}

/** Attempts to find a port that is free for both UDP and TCP. */
const PORT_ATTEMPTS = 20;

export async function startScriptedUpstream(
  script: Script,
  options: ScriptedUpstreamOptions = {},
): Promise<ScriptedUpstream> {
  const upstream = new ScriptedUpstream(script, options);
  await upstream.listen();
  return upstream;
}

export class ScriptedUpstream {
  /** What to do with queries from now on. */
  script: Script;
  readonly host: string;
  port: number;
  /** Everything received so far, in order. */
  readonly queries: ReceivedQuery[] = [];
  /** Connections accepted so far, and how many of them resumed a TLS session. */
  accepted = 0;
  resumed = 0;

  private readonly options: ScriptedUpstreamOptions;
  /** With their numbers, from 1 on. */
  private readonly open = new Map<Socket, number>();
  private udp: UdpSocket | undefined;
  private tcp: Server | undefined;
  private readonly waiters = new Set<() => void>();
  private failure: unknown;

  constructor(script: Script, options: ScriptedUpstreamOptions) {
    this.script = script;
    this.options = options;
    this.host = options.host ?? '127.0.0.1';
    this.port = options.port ?? 0;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.open.size;
  }

  /** The queries so far, as soon as there are `count` of them. @throws what the script threw. */
  async waitForQueries(count: number): Promise<readonly ReceivedQuery[]> {
    await this.waitUntil(() => this.queries.length >= count);
    return this.queries;
  }

  /** Resolves when exactly `count` connections are open. */
  waitForConnections(count: number): Promise<void> {
    return this.waitUntil(() => this.open.size === count);
  }

  /**
   * Ends every connection, by FIN or by RST, or leaves it half open: nothing is read or answered on it any more, and the peer is not told.
   * Goes on listening.
   * @param only the numbers of the connections that are meant; all when left out
   */
  breakConnections(
    how: 'close' | 'reset' | 'vanish' = 'reset',
    only: (connection: number) => boolean = () => true,
  ): void {
    for (const [socket, connection] of this.open) {
      if (!only(connection)) continue;
      if (how === 'vanish') vanish(socket);
      else endConnection(socket, how);
    }
  }

  /** @throws what the script threw. */
  async close(): Promise<void> {
    this.breakConnections();
    const { udp, tcp } = this;
    this.udp = this.tcp = undefined;
    await Promise.all([
      udp === undefined ? undefined : new Promise<void>((done) => udp.close(() => done())),
      tcp === undefined ? undefined : new Promise<void>((done) => tcp.close(() => done())),
    ]);
    this.throwFailure();
  }

  /** Begins to listen; `startScriptedUpstream` has done it. */
  async listen(attempts = PORT_ATTEMPTS): Promise<void> {
    try {
      if (this.options.tcp !== false) await this.listenTcp();
      if (this.options.udp !== false && this.options.tls === undefined) await this.listenUdp();
    } catch (error) {
      // Free for TCP, taken for UDP: another port, unless the test wants this one.
      if (this.options.port !== undefined || attempts === 1) throw error;
      await this.close();
      this.port = 0;
      await this.listen(attempts - 1);
    }
  }

  private async listenTcp(): Promise<void> {
    const { tls } = this.options;
    const server =
      tls === undefined
        ? createServer({ noDelay: true }, (socket) => this.accept(socket))
        : this.makeTlsServer(tls);
    server.listen(this.port, this.host);
    await once(server, 'listening');
    this.tcp = server;
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  private makeTlsServer(tls: NonNullable<ScriptedUpstreamOptions['tls']>): Server {
    const server = createTlsServer({ ...tls, requestCert: tls.ca !== undefined }, (socket) => {
      if (socket.isSessionReused()) this.resumed++;
      this.accept(socket);
    });
    return server.on('tlsClientError', () => undefined);
  }

  private async listenUdp(): Promise<void> {
    const socket = createSocket(this.host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (message, { port, address }) => {
      const answer: Channel = {
        // A script may be done with a query after the test is.
        send: (octets) =>
          new Promise((sent) => {
            if (this.udp === socket) socket.send(octets, port, address, () => sent());
            else sent();
          }),
        end: () => undefined,
      };
      void this.received(message, 'udp', port, 0, answer);
    });
    socket.bind(this.port, this.host);
    await once(socket, 'listening');
    this.udp = socket;
    this.port = socket.address().port;
  }

  private accept(socket: Socket): void {
    const connection = ++this.accepted;
    const clientPort = socket.remotePort ?? 0;
    this.open.set(socket, connection);
    socket.on('close', () => {
      this.open.delete(socket);
      this.wake();
    });
    this.options.onConnection?.(connection);
    socket.on('error', () => undefined);
    // One reply after the other, lest their pieces mix.
    let sent = Promise.resolve();
    const channel: Channel = {
      send: (octets) => (sent = sent.then(() => sendFramed(socket, octets, this.options.tcpPieceOctets))),
      end: (how) => endConnection(socket, how),
    };
    let before = Promise.resolve();
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const end = 2 + rest.readUInt16BE(0);
        const message = rest.subarray(2, end);
        rest = rest.subarray(end);
        const turn = this.options.serialTcp === true ? before : undefined;
        before = this.received(message, 'tcp', clientPort, connection, channel, turn);
      }
    });
    this.wake();
  }

  private async received(
    message: Uint8Array,
    transport: 'udp' | 'tcp',
    clientPort: number,
    connection: number,
    channel: Channel,
    turn?: Promise<void>,
  ): Promise<void> {
    try {
      const query = readQuery(message, transport, clientPort, connection);
      this.queries.push(query);
      this.wake();
      await turn;
      await perform(this.script(query), query, channel);
    } catch (error) {
      this.failure ??= error;
      this.wake();
    }
  }

  private async waitUntil(isTrue: () => boolean): Promise<void> {
    this.throwFailure();
    if (isTrue()) return;
    await new Promise<void>((resolve) => this.waiters.add(resolve));
    await this.waitUntil(isTrue);
  }

  private wake(): void {
    for (const waiter of this.waiters) waiter();
    this.waiters.clear();
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

/** How to answer one client. */
interface Channel {
  send(octets: Uint8Array): Promise<void>;
  end(how: 'close' | 'reset'): void;
}

async function perform(action: ScriptedAction, query: ReceivedQuery, channel: Channel): Promise<void> {
  switch (action.kind) {
    case 'send':
      return channel.send(action.octets(query));
    case 'later':
      await (typeof action.when === 'number' ? delay(action.when) : action.when);
      return perform(action.action, query, channel);
    case 'several':
      return action.actions.reduce(
        (done, step) => done.then(() => perform(step, query, channel)),
        Promise.resolve(),
      );
    case 'drop':
      return undefined;
    default:
      return channel.end(action.kind);
  }
}

async function sendFramed(socket: Socket, message: Uint8Array, pieceOctets?: number): Promise<void> {
  const framed = Buffer.concat([Buffer.of(message.length >>> 8, message.length & 0xff), message]);
  await writePieces(socket, framed, pieceOctets ?? framed.length);
}

async function writePieces(socket: Socket, octets: Uint8Array, pieceOctets: number): Promise<void> {
  if (socket.destroyed || VANISHED.has(socket) || octets.length === 0) return;
  socket.write(octets.subarray(0, pieceOctets));
  // Lets this piece leave by itself.
  await nextTurn();
  await writePieces(socket, octets.subarray(pieceOctets), pieceOctets);
}

/** Connections of which the peer is to hear no more. */
const VANISHED = new WeakSet<Socket>();

function vanish(socket: Socket): void {
  VANISHED.add(socket);
  socket.removeAllListeners('data');
  socket.resume();
}

function endConnection(socket: Socket, how: 'close' | 'reset'): void {
  if (how === 'close') socket.end();
  // Node resets plain TCP only, and a socket that was shut down not at all: it would never close, and keep its thread from ending.
  else if (socket instanceof TLSSocket || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** @throws Error for octets that are no query: what is under test must not send such. */
function readQuery(
  message: Uint8Array,
  transport: 'udp' | 'tcp',
  clientPort: number,
  connection: number,
): ReceivedQuery {
  const query = new QueryMessage();
  const own = Uint8Array.from(message);
  if (own.length < HEADER_OCTETS || !query.read(own, own.length)) {
    throw new Error(`no query: ${Buffer.from(own).toString('hex')}`);
  }
  return {
    name: nameToText(own, HEADER_OCTETS, HEADER_OCTETS + query.nameLength),
    type: typeName(query.type),
    class: className(query.class),
    id: query.id,
    flags: query.flags,
    hasOpt: query.hasOpt,
    dnssecOk: query.dnssecOk,
    udpSize: query.udpSize,
    transport,
    clientPort,
    connection,
    message: own,
  };
}
