/**
 * Where readers connect, for `dnstap listen`: each gets all messages from then on, over an output of its own. Reloads of the Corefile leave
 * it and its readers alone as long as somebody uses it. That nobody listens to what is said is no loss, and is not counted.
 */
import { lstatSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { codeOf } from '../../base/error-message.ts';
import type { Dial } from './dial.ts';
import type { TapOptions } from './options.ts';
import { TapOutput } from './tap-output.ts';
import type { TapOutputDependencies } from './tap-output.ts';

/** Each may cost as much memory as its write buffer and its queue. */
const MOST_READERS = 8;
/** Who has the address may leave it: the configuration before this one, say. */
const RETRY_MS = 1_000;

export class ReaderListener {
  private readonly options: TapOptions;
  private readonly dependencies: Omit<TapOutputDependencies, 'dial' | 'gone'>;
  private readonly readers = new Set<TapOutput>();
  private users = 0;
  private server: Server | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  /** What the log was told last of why nobody can connect. */
  private told = '';

  constructor(options: TapOptions, dependencies: Omit<TapOutputDependencies, 'dial' | 'gone'>) {
    this.options = options;
    this.dependencies = dependencies;
  }

  /** Whether anybody is there. */
  get takes(): boolean {
    for (const reader of this.readers) if (reader.takes) return true;
    return false;
  }

  put(payload: Uint8Array): void {
    for (const reader of this.readers) reader.put(payload);
  }

  drop(): void {
    // Nobody is there to miss it.
  }

  /** One more uses it. */
  open(): void {
    if (this.users++ === 0) this.listen();
  }

  /** One less; with the last one it goes, and its readers get what waits for them. */
  async close(): Promise<void> {
    if (--this.users > 0) return;
    clearTimeout(this.retryTimer);
    this.server?.close();
    this.server = undefined;
    await Promise.all([...this.readers].map((reader) => reader.close()));
    this.readers.clear();
  }

  private listen(): void {
    const { endpoint } = this.options;
    const server = this.makeServer((socket) => this.accept(socket));
    this.server = server;
    server.on('error', (error) => this.failed(server, error));
    server.on('listening', () => {
      if (this.told !== '') this.dependencies.log.info(`readers may connect to ${this.options.label}`);
      this.told = '';
    });
    if (endpoint.kind === 'unix') server.listen(endpoint.path);
    else server.listen({ port: endpoint.port, ...(endpoint.host === '' ? {} : { host: endpoint.host }) });
  }

  private makeServer(accept: (socket: Socket) => void): Server {
    const { tls, skipVerify } = this.options;
    if (tls === undefined) return createServer(accept);
    const { cert, key, ca } = tls;
    // Loaded for those who use it: 4 MiB.
    const server = process.getBuiltinModule('node:tls').createServer(
      {
        cert,
        key,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: !skipVerify }),
      },
      accept,
    );
    // A handshake that fails is the reader's business.
    return server.on('tlsClientError', () => undefined);
  }

  private failed(server: Server, error: Error): void {
    if (server !== this.server) return;
    this.server = undefined;
    const { message } = error;
    if (message !== this.told) this.dependencies.log.error(`Failed to start dnstap listener: ${message}`);
    this.told = message;
    const { endpoint } = this.options;
    if (endpoint.kind === 'unix' && codeOf(error) === 'EADDRINUSE') removeIfDead(endpoint.path);
    this.retryTimer = setTimeout(() => this.listen(), RETRY_MS);
  }

  private accept(socket: Socket): void {
    if (this.readers.size >= MOST_READERS) {
      this.dependencies.log.warn(`${this.options.label}: more than ${MOST_READERS} readers`);
      socket.destroy();
      return;
    }
    const dial: Dial = (ready) => {
      queueMicrotask(ready);
      return socket;
    };
    const output = new TapOutput(this.options, {
      ...this.dependencies,
      dial,
      gone: () => this.readers.delete(output),
    });
    this.readers.add(output);
    output.open();
  }
}

/** A socket at which nobody answers was left by a process that was killed; the next attempt has its place. */
function removeIfDead(path: string): void {
  const probe = connect(path);
  probe.on('connect', () => probe.destroy());
  probe.on('error', (error) => {
    // What is no socket refuses too.
    if (codeOf(error) !== 'ECONNREFUSED' || lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true)
      return;
    rmSync(path, { force: true });
  });
}
