/**
 * A reader of Frame Streams that a test holds in its hand: takes connections on a socket of its own, answers READY and STOP as it is told,
 * and keeps the payloads. It reads by itself, with nothing of what it tests.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { tempDirectory } from '../../support/temp-file.ts';

export const DNSTAP_TYPE = 'protobuf:dnstap.Dnstap';

const ACCEPT = 1;
const START = 2;
const STOP = 3;
const READY = 4;
const FINISH = 5;

export interface ReaderScript {
  /** Sent when READY has come; by default an ACCEPT of dnstap. Undefined for silence. */
  readonly onReady?: Buffer | undefined;
  /** Sent when STOP has come; by default FINISH. */
  readonly onStop?: Buffer | undefined;
  /** Reads nothing once the stream has started. */
  readonly stalls?: boolean;
}

/** A control frame with these content types. */
export function control(type: number, ...contentTypes: string[]): Buffer {
  const fields = contentTypes.map((name) =>
    Buffer.concat([words(1, Buffer.byteLength(name)), Buffer.from(name)]),
  );
  const body = Buffer.concat([words(type), ...fields]);
  return Buffer.concat([words(0, body.length), body]);
}

export const accept = (...contentTypes: string[]): Buffer => control(ACCEPT, ...contentTypes);

function words(...values: number[]): Buffer {
  const octets = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => octets.writeUInt32BE(value, 4 * index));
  return octets;
}

/** What comes over one connection, and what is answered to it. */
export class StreamReading {
  readonly socket: Socket;
  readonly payloads: Buffer[];
  /** `READY TYPE`, `START TYPE`, `STOP`. */
  readonly controls: string[];
  private readonly script: () => ReaderScript;
  private rest = Buffer.alloc(0);

  /** @param seen where payloads and control frames are kept, with those of other connections */
  constructor(
    socket: Socket,
    script: () => ReaderScript = () => ({}),
    seen: { readonly payloads: Buffer[]; readonly controls: string[] } = { payloads: [], controls: [] },
  ) {
    this.socket = socket;
    this.script = script;
    this.payloads = seen.payloads;
    this.controls = seen.controls;
    socket.on('error', () => undefined);
    socket.on('data', (octets: Buffer) => this.read(octets));
  }

  private read(octets: Buffer): void {
    this.rest = Buffer.concat([this.rest, octets]);
    for (;;) {
      const frame = frameAt(this.rest);
      if (frame === undefined) return;
      this.rest = this.rest.subarray(frame.end);
      if (frame.isControl) this.controlled(frame.body);
      else this.payloads.push(Buffer.from(frame.body));
    }
  }

  private controlled(body: Buffer): void {
    const type = body.readUInt32BE(0);
    const name = { [START]: 'START', [STOP]: 'STOP', [READY]: 'READY' }[type] ?? `control ${type}`;
    const contentType = body.toString('latin1', 12);
    this.controls.push(`${name} ${contentType}`.trim());
    const script = this.script();
    if (type === START && script.stalls === true) this.socket.pause();
    const { onReady, onStop } = { onReady: accept(DNSTAP_TYPE), onStop: control(FINISH), ...script };
    const answer = type === READY ? onReady : type === STOP ? onStop : undefined;
    if (answer !== undefined) this.socket.write(answer);
  }
}

export class ScriptedReader {
  script: ReaderScript;
  readonly path: string;
  /** Of data frames, over all connections. */
  readonly payloads: Buffer[] = [];
  /** `READY TYPE`, `START TYPE`, `STOP`, over all connections. */
  readonly controls: string[] = [];
  accepted = 0;
  private server: Server | undefined;
  private readonly open = new Set<Socket>();

  constructor(script: ReaderScript = {}) {
    this.script = script;
    this.path = join(tempDirectory(), 'dnstap.sock');
    onTestFinished(() => this.stop());
  }

  get connections(): number {
    return this.open.size;
  }

  async start(): Promise<void> {
    const server = createServer((socket) => this.accept(socket));
    server.listen(this.path);
    this.server = server;
    await once(server, 'listening');
  }

  /** Goes away; the path with it. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const socket of this.open) socket.destroy();
    if (server === undefined) return;
    await new Promise<void>((done) => server.close(() => done()));
  }

  /** The payloads as text, once there are so many. */
  async waitForPayloads(count: number): Promise<string[]> {
    await eventually(() => this.payloads.length >= count);
    return this.payloads.map((payload) => payload.toString('latin1'));
  }

  private accept(socket: Socket): void {
    this.accepted++;
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    void new StreamReading(socket, () => this.script, this);
  }
}

/** The first frame, once it is whole. */
function frameAt(octets: Buffer): { isControl: boolean; body: Buffer; end: number } | undefined {
  if (octets.length < 4) return undefined;
  const length = octets.readUInt32BE(0);
  const isControl = length === 0;
  if (isControl && octets.length < 8) return undefined;
  const start = isControl ? 8 : 4;
  const end = start + (isControl ? octets.readUInt32BE(4) : length);
  return octets.length < end ? undefined : { isControl, body: octets.subarray(start, end), end };
}

/** A reader that listens. */
export async function startReader(script: ReaderScript = {}): Promise<ScriptedReader> {
  const reader = new ScriptedReader(script);
  await reader.start();
  return reader;
}
