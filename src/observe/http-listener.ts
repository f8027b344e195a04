/**
 * One HTTP server on one address: small answers to GET and HEAD on exact paths, for kubelets and scrapers. Everything that a client could
 * make us hold is bounded: headers, time, connections. It decides nothing about which addresses are open: see `http.ts`.
 */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getSystemErrorMessage } from 'node:util';
import { findPortHolder } from '../base/port-holder.ts';
import { codeOf, messageOf } from '../base/error-message.ts';
import { formatHttpAddress } from './http-address.ts';
import type { HttpAddress } from './http-address.ts';
import type { HttpAnswer, HttpRoute } from './http-types.ts';
import type { Log } from './log-types.ts';
import { http } from './node-http.ts';

/** Of a request's line and headers. */
const MOST_HEADER_BYTES = 4096;

/** From the connection, or the request's first octet, to its last. */
const REQUEST_TIMEOUT_MS = 5000;

/** How long a connection is kept for the next request; a scraper that comes less often connects again. */
const KEEP_ALIVE_MS = 5000;

/** A connection on which nothing moves, such as one whose client does not read our answer; it may take this long twice. */
const SILENCE_TIMEOUT_MS = 5000;

/** How often requests are checked for having taken too long: one may take this much longer. More often would wake an idle process. */
const TIMEOUT_CHECK_MS = 5000;

const MOST_CONNECTIONS = 20;
const MOST_REQUESTS_PER_CONNECTION = 1000;

/** What an answer in the making gets when the server is closed. */
const CLOSE_GRACE_MS = 1000;

/** After a request that cannot be read, the client gets this long to take the answer. */
const BAD_REQUEST_LINGER_MS = 1000;

const PLAIN_TEXT = 'text/plain; charset=utf-8';
const NOT_FOUND: HttpAnswer = { status: 404, contentType: PLAIN_TEXT, body: '404 page not found\n' };
const NOT_ALLOWED: HttpAnswer = { status: 405, contentType: PLAIN_TEXT, body: 'Method Not Allowed\n' };
const BROKEN: HttpAnswer = { status: 500, contentType: PLAIN_TEXT, body: 'Internal Server Error\n' };

/** What a request gets that the parser refuses, by the code of its error; anything else is a plain 400. */
const REFUSALS: ReadonlyMap<string | undefined, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** No such address family on this machine; both are errors of `listen`. */
const NO_FAMILY: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

export class HttpListener {
  readonly address: HttpAddress;
  private routes: ReadonlyMap<string, HttpRoute>;
  private readonly log: Log;
  private readonly server: Server;
  /** Requests being answered on each connection, oldest connection first. */
  private readonly connections = new Map<Duplex, number>();
  private closing = false;

  constructor(address: HttpAddress, routes: ReadonlyMap<string, HttpRoute>, log: Log) {
    this.address = address;
    this.routes = routes;
    this.log = log;
    this.server = http.createServer({
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    });
    this.server.timeout = SILENCE_TIMEOUT_MS;
    this.server.maxRequestsPerSocket = MOST_REQUESTS_PER_CONNECTION;
    this.server.on('connection', (socket) => this.admit(socket));
    this.server.on('request', (request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        this.log.error(`http: ${messageOf(error)}`);
        response.destroy();
      });
    });
    this.server.on('clientError', refuse);
    // `listen` has its own ear for errors; one that comes later must not end the process.
    this.server.on('error', () => undefined);
  }

  /**
   * Binds and listens; may be called again after `stopListening`.
   *
   * @throws {Error} naming the address, the cause and, for a port that is taken, its holder; the system's error is its `cause`.
   */
  async listen(): Promise<void> {
    const { host, port } = this.address;
    try {
      if (host !== '') await this.listenOn(host, port);
      else await this.listenOnAll(port);
    } catch (error) {
      throw listenError(this.address, error);
    }
  }

  /** Serves these routes, by path, from the next request on. */
  take(routes: ReadonlyMap<string, HttpRoute>): void {
    this.routes = routes;
  }

  /** Address and port as bound: `[::]:9253`; undefined while it does not listen. */
  get boundAddress(): string | undefined {
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string') return undefined;
    return formatHttpAddress({ host: bound.address, port: bound.port });
  }

  /** Takes no new connections, keeps those that are open. */
  stopListening(): void {
    if (this.server.listening) this.server.close();
  }

  /** Ends when the last connection has: idle ones at once, the others after their answer or a short time. */
  async close(): Promise<void> {
    this.closing = true;
    this.stopListening();
    const ends = [...this.connections.keys()].map((socket) => once(socket, 'close').catch(() => undefined));
    for (const [socket, answering] of this.connections) if (answering === 0) socket.destroy();
    const cut = setTimeout(() => {
      for (const socket of this.connections.keys()) socket.destroy();
    }, CLOSE_GRACE_MS);
    await Promise.all(ends);
    clearTimeout(cut);
  }

  /** Go takes both families for an address without a host, and IPv4 where there is no IPv6. */
  private async listenOnAll(port: number): Promise<void> {
    try {
      await this.listenOn('::', port);
    } catch (error) {
      if (!NO_FAMILY.has(codeOf(error))) throw error;
      await this.listenOn('0.0.0.0', port);
    }
  }

  private async listenOn(host: string, port: number): Promise<void> {
    this.server.listen({ host, port, exclusive: true });
    await once(this.server, 'listening');
  }

  /** When there is no room, the oldest connection that waits for nothing gives way: holding 20 of them must not fail a kubelet's probe. */
  private admit(socket: Duplex): void {
    if (this.connections.size >= MOST_CONNECTIONS) {
      const waiting = [...this.connections].find(([, answering]) => answering === 0);
      (waiting?.[0] ?? socket).destroy();
      if (waiting === undefined) return;
      this.connections.delete(waiting[0]);
    }
    this.connections.set(socket, 0);
    socket.once('close', () => this.connections.delete(socket));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.count(socket, 1);
    response.once('close', () => {
      this.count(socket, -1);
      if (this.closing) socket.destroy();
    });
    const answer = await this.answer(request);
    // Bodies are not read; the connection does not outlive a request that has one.
    if (hasBody(request) || answer === NOT_ALLOWED) response.setHeader('Connection', 'close');
    if (answer === NOT_ALLOWED) response.setHeader('Allow', 'GET, HEAD');
    response.writeHead(answer.status, {
      'Content-Type': answer.contentType,
      'Content-Length': Buffer.byteLength(answer.body),
    });
    response.end(answer.body);
  }

  private async answer({ method, url = '' }: IncomingMessage): Promise<HttpAnswer> {
    if (method !== 'GET' && method !== 'HEAD') return NOT_ALLOWED;
    const [path] = url.split('?', 1);
    try {
      return (await this.routes.get(path)?.answer()) ?? NOT_FOUND;
    } catch (error) {
      this.log.error(`http: ${path}: ${messageOf(error)}`);
      return BROKEN;
    }
  }

  private count(socket: Duplex, change: number): void {
    const answering = this.connections.get(socket);
    if (answering !== undefined) this.connections.set(socket, answering + change);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = REFUSALS.get(error.code) ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  setTimeout(() => socket.destroy(), BAD_REQUEST_LINGER_MS).unref();
}

function listenError(address: HttpAddress, cause: unknown): Error {
  const holder = codeOf(cause) === 'EADDRINUSE' ? findPortHolder('tcp', address.port) : undefined;
  const by = holder === undefined ? '' : ` by ${holder}`;
  return new Error(`listen tcp ${formatHttpAddress(address)}: ${systemMessage(cause)}${by}`, { cause });
}

/** `address already in use`, without the address that Node puts behind it. */
function systemMessage(error: unknown): string {
  const known = error instanceof Error && 'errno' in error && typeof error.errno === 'number';
  return known ? getSystemErrorMessage(Number(error.errno)) : messageOf(error);
}
